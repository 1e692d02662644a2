// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace dmaheap::test {

/// The FUSE and CUSE connections that a daemon serves. A client of a dead daemon hangs when one of
/// them was not ended with it, and then only this frees it.
class Connections {
public:
    /// While the daemon is well. `nodes` are the names of its CUSE nodes.
    Connections(pid_t daemon, const std::vector<std::string> &nodes);

    /// Everyone who waits for an answer gets an error.
    void abort() const;

private:
    std::vector<unsigned> mounts_; ///< minor numbers of the devices of its mounts
    std::vector<std::string> nodes_;
};

} // namespace dmaheap::test

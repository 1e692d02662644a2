// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "core/unique_fd.h"
#include "tests/support/deadline.h"

namespace dmaheap::test {

/// A control group whose processes can be frozen. Its end thaws it, moves them back and removes it;
/// so does a process beside the test, should the test be killed: what is frozen cannot die.
class Freezer {
public:
    enum class Version { one, two };

    /// Those that are mounted here and where we may make a group.
    static std::vector<Version> available();

    explicit Freezer(Version version);
    Freezer(const Freezer &) = delete;
    Freezer &operator=(const Freezer &) = delete;
    ~Freezer();

    void add(pid_t pid);
    void freeze();
    /// False when they were not all frozen by the deadline.
    bool await_frozen(const Deadline &deadline = Deadline{});
    void thaw();

private:
    /// Starts that process; it waits until the other end of `guarded_` is closed.
    void start_guard();

    Version version_;
    std::string parent_;
    std::string path_;
    std::string switch_; ///< the file that is written to
    std::vector<pid_t> members_;
    UniqueFd guarded_;
    pid_t guard_ = -1;
};

} // namespace dmaheap::test

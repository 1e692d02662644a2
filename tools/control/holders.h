// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <future>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <sys/types.h>

#include "core/ledger.h"

namespace dmaheap::control {

/// A process that could go on using a buffer.
struct Holder {
    pid_t process;
    unsigned descriptors = 0;
    unsigned mappings = 0;

    friend bool operator==(const Holder &, const Holder &) = default;
};

using Holders = std::map<Inode, std::vector<Holder>>;

/// Who holds these files now, as /proc/*/fd and /proc/*/maps show it to us: descriptors and
/// mappings, but not descriptors under way in a socket, and not drivers. Processes come by number;
/// this one is left out. What ends meanwhile may be missing. Takes time with all that runs on the
/// machine, and asks no file system for anything.
Holders find_holders(const std::set<Inode> &files, const std::string &proc = "/proc");

/// The same with an end: processes can be such that looking into them hangs.
class HolderSearch {
public:
    static constexpr std::chrono::milliseconds kPatience{ 5000 };

    explicit HolderSearch(std::chrono::milliseconds patience = kPatience) : patience_(patience) {}

    /// Nothing when it takes longer than that; then there is no other search until it has ended.
    std::optional<Holders> find(const std::set<Inode> &files, const std::string &proc = "/proc");

private:
    std::chrono::milliseconds patience_;
    std::future<Holders> under_way_; ///< of a thread that shares nothing with us
};

/// The name of a process, "" when it is gone.
std::string name_of_process(pid_t process);

} // namespace dmaheap::control

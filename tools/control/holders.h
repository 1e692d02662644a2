// SPDX-License-Identifier: MIT
#pragma once

#include <map>
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

using Holders = std::map<Ledger::File, std::vector<Holder>>;

/// Who holds these files now, as /proc/*/fd and /proc/*/maps show it to us: descriptors and
/// mappings, but not descriptors under way in a socket, and not drivers. Processes come by number;
/// this one is left out. What ends meanwhile may be missing. Takes time with all that runs on the
/// machine, and asks no file system for anything.
Holders find_holders(const std::set<Ledger::File> &files, const std::string &proc = "/proc");

/// The name of a process, "" when it is gone.
std::string name_of_process(pid_t process);

} // namespace dmaheap::control

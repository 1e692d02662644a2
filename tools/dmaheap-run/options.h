// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/dmaheapd/config.h"

/// The command line of dmaheap-run, see dmaheap-run(1).
namespace dmaheap::run {

enum class Delivery { automatic, seccomp, ptrace };

struct Options {
    config::Config config; ///< of the private daemon
    Delivery delivery = Delivery::automatic;
    bool attach = false;
    bool keep_dev = false;
    std::vector<std::string> command;  ///< never empty
    std::optional<std::string> answer; ///< print this to stdout and exit 0
};

/// Throws config::Refused.
Options parse(int argc, const char *const *argv);

} // namespace dmaheap::run

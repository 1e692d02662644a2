// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "tools/dmaheapd/config.h"

/// The command line of dmaheapd, see dmaheapd(8).
namespace dmaheap::options {

struct Options {
    config::Config config;             ///< of the file, with the command line laid over it
    std::string file;                  ///< the config file that was read; empty: none
    std::optional<std::string> answer; ///< print this to stdout and exit 0: nothing is to be served
};

/// Reads the command line and the config file that it names; without one, `default_file` if that
/// exists. A heap `system` when neither names a heap. Throws config::Refused.
Options parse(int argc, const char *const *argv,
              const std::string &default_file = "/etc/dmaheapd.toml");

} // namespace dmaheap::options

// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <stdexcept>
#include <string>

#include "tools/control/protocol.h"

/// The command line of dmaheapctl.
namespace dmaheap::ctl {

struct Options {
    std::string socket = control::kDefaultSocket;
    bool json = false;
    std::string view;                ///< how the answer is shown: "heaps", "top", ...
    control::Request request;        ///< what is asked
    std::string svg;                 ///< of `regions`: the file of the picture; empty: none
    double interval = 1;             ///< of `top`: seconds
    unsigned rounds = 0;             ///< of `top`: 0: until it is ended
    std::optional<std::string> text; ///< --help or --version: what to print instead
};

/// Why the command line is not accepted: one line. Exit status 2.
class Refused : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

Options parse(int argc, const char *const *argv);

} // namespace dmaheap::ctl

// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "core/size.h"
#include "tools/control/protocol.h"

/// Numbers as people read them.
namespace dmaheap::ctl {

/// "0", "4 KiB", "1.5 MiB": three digits at most.
std::string human_size(double bytes);

/// "0", "1.9", "1975": of things that are counted.
std::string human_number(double number);

/// "3 s", "12 min", "5 h", "9 d".
std::string human_age(double seconds);

/// A size that may be null, which is "-".
std::string size_of(const control::Json &value);

/// Text of others, such as the name of a process: without control characters.
std::string harmless(std::string text);

} // namespace dmaheap::ctl

// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dmaheap::control {

/// "ENOMEM" or "12"; nothing for what is no errno.
std::optional<int> errno_of(std::string_view text);

/// "ENOMEM", or the number of one that has no name.
std::string name_of_errno(int code);

} // namespace dmaheap::control

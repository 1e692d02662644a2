// SPDX-License-Identifier: MIT
#include "tools/control/errno_names.h"

#include <charconv>
#include <cstring>

namespace dmaheap::control {

namespace {

constexpr int kLargest = 133; // EHWPOISON

} // namespace

std::optional<int> errno_of(std::string_view text)
{
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size())
        return number > 0 && number <= kLargest ? std::optional(number) : std::nullopt;

    for (int code = 1; code <= kLargest; ++code) {
        const char *const name = ::strerrorname_np(code);
        if (name && text == name)
            return code;
    }
    return std::nullopt;
}

std::string name_of_errno(int code)
{
    const char *const name = ::strerrorname_np(code);
    return name ? name : std::to_string(code);
}

} // namespace dmaheap::control

// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <cstring>
#include <expected>
#include <string>

namespace dmaheap::bench {

/// Why something could not be measured.
struct Error {
    int code;         ///< positive errno, never 0
    const char *step; ///< string literal, e.g. "PTRACE_SEIZE"
};

template <class T>
using Result = std::expected<T, Error>;

/// "ENOMEM", or the bare number of an errno that has no name.
inline std::string errno_name(int code)
{
    const char *name = ::strerrorname_np(code);
    return name ? name : std::to_string(code);
}

/// "EPERM (PTRACE_SEIZE)"
inline std::string text(const Error &error)
{
    return errno_name(error.code) + " (" + error.step + ")";
}

/// The result of a system call, or its errno with the step's name.
template <class Number>
Result<Number> check(const char *step, Number result)
{
    if (result == static_cast<Number>(-1))
        return std::unexpected(Error{ errno, step });

    return result;
}

} // namespace dmaheap::bench

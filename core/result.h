// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <expected>

namespace dmaheap {

/// Why something could not be done. The errno travels unchanged from the step that failed to the
/// client's ioctl; the step is for the log.
struct Error {
    int code;         ///< positive errno, never 0
    const char *step; ///< string literal that names the failing step, such as "memfd_create"

    friend bool operator==(const Error &left, const Error &right)
    {
        return left.code == right.code;
    }
};

/// A value, or why there is none. Whatever a client can provoke is returned this way; what makes
/// starting impossible is thrown and caught in main.
template <class T>
using Result = std::expected<T, Error>;

/// Done, or why not.
using Status = Result<void>;

/// A failed Result of any type.
inline std::unexpected<Error> failure(int code, const char *step)
{
    return std::unexpected(Error{ .code = code, .step = step });
}

/// Turns what a system call returned into a Result: -1 becomes errno, captured at once.
template <class Integer>
Result<Integer> check(const char *step, Integer returned)
{
    if (returned == static_cast<Integer>(-1))
        return failure(errno, step);

    return returned;
}

/// The same for a call whose value says nothing more.
template <class Integer>
Status check_done(const char *step, Integer returned)
{
    if (returned == static_cast<Integer>(-1))
        return failure(errno, step);

    return {};
}

} // namespace dmaheap

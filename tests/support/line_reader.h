// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "tests/support/deadline.h"

namespace dmaheap::test {

/// Reads a pipe line by line. Borrows the descriptor.
class LineReader {
public:
    explicit LineReader(int fd) : fd_(fd) {}

    /// Without its end; nothing at the end of the stream or when the deadline came first.
    std::optional<std::string> next(const Deadline &deadline = Deadline{});

private:
    std::optional<std::string> take();

    int fd_;
    std::string text_;
};

} // namespace dmaheap::test

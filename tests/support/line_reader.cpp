// SPDX-License-Identifier: MIT
#include "tests/support/line_reader.h"

#include <array>

#include <unistd.h>

namespace dmaheap::test {

std::optional<std::string> LineReader::take()
{
    const std::size_t end = text_.find('\n');
    if (end == std::string::npos)
        return std::nullopt;

    std::string line = text_.substr(0, end);
    text_.erase(0, end + 1);
    return line;
}

std::optional<std::string> LineReader::next(const Deadline &deadline)
{
    std::array<char, 4096> bytes{};

    for (;;) {
        if (auto line = take())
            return line;
        if (!await_readable(fd_, deadline))
            return std::nullopt;

        const ssize_t size = ::read(fd_, bytes.data(), bytes.size());
        if (size <= 0)
            return std::nullopt;
        text_.append(bytes.data(), static_cast<std::size_t>(size));
    }
}

} // namespace dmaheap::test

// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/unique_fd.h"
#include "tests/support/deadline.h"

namespace dmaheap::test {

/// What a program under test writes to its standard error: a file, so that the program never
/// waits for its reader.
class LogFile {
public:
    explicit LogFile(const std::string &path);

    /// For the program to write to.
    [[nodiscard]] int fd() const { return file_.get(); }
    [[nodiscard]] std::vector<std::string> lines() const;
    [[nodiscard]] std::size_t count() const { return lines().size(); }
    /// The lines that hold `text`, from the line `first` on.
    [[nodiscard]] std::vector<std::string> matching(const std::string &text,
                                                    std::size_t first = 0) const;
    /// Waits for the first such line.
    std::optional<std::string> await_line(const std::string &text, std::size_t first = 0,
                                          const Deadline &deadline = Deadline{});
    /// The last lines, for the report of a failure.
    [[nodiscard]] std::string tail() const;

private:
    std::string path_;
    UniqueFd file_;
    UniqueFd watch_;
};

} // namespace dmaheap::test

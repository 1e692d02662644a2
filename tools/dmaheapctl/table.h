// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dmaheap::ctl {

/// Columns of text under their heads, each as wide as its widest cell.
class Table {
public:
    enum class Side : std::uint8_t { left, right };

    struct Column {
        std::string head;
        Side side;
    };

    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

    /// One cell for each column.
    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

    [[nodiscard]] std::string text() const;

private:
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

} // namespace dmaheap::ctl

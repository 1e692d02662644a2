// SPDX-License-Identifier: MIT
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace dmaheap::bench {

using Row = std::vector<std::string>;

/// Text in columns: the first to the left, the others to the right, each as wide as it must be.
/// A row of two cells under a longer heading is a remark that runs across the columns.
class Table {
public:
    explicit Table(Row heading) : rows_{ std::move(heading) } {}

    void add(Row row) { rows_.push_back(std::move(row)); }

    friend std::ostream &operator<<(std::ostream &out, const Table &table);

private:
    std::vector<Row> rows_;
};

/// 6.25 with one digit: "6.2"
std::string fixed(double value, int digits);

} // namespace dmaheap::bench

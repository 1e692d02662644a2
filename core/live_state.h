// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/ledger.h"
#include "core/mapping.h"
#include "core/place.h"
#include "core/unique_fd.h"

namespace dmaheap {

/// What a daemon that takes another's place has to know of its live buffers, in a file of memory
/// that outlives them both: a table with a row for each, which is true at any moment, also when the
/// daemon is killed.
///
/// Not thread-safe.
class LiveState {
public:
    struct Row {
        std::uint64_t number; ///< under which the buffer is watched; never 0
        std::string heap;
        Bytes size;
        Owner owner;
        std::chrono::system_clock::time_point time;
        Inode file;
        std::uint64_t of = 0; ///< the number of another dma-buf over the same buffer, noted before
        Place place = {};     ///< of memory that somebody will use again, and else nowhere

        friend bool operator==(const Row &, const Row &) = default;
    };

    static constexpr std::size_t kLongestHeap = 63;
    static constexpr std::size_t kMostRows = std::size_t{ 1 } << 20;

    static Result<LiveState> create();

    /// Of another's file, which may hold anything. EBADMSG when it is not one that this version
    /// writes, with a step that tells what is wrong with it.
    static Result<LiveState> adopt(UniqueFd file);

    /// ENOMEM when there are kMostRows, EINVAL for a heap whose name is too long.
    Status add(const Row &row);
    void remove(std::uint64_t number);

    /// By number.
    [[nodiscard]] std::vector<Row> rows() const;
    [[nodiscard]] int fd() const { return file_.get(); }

private:
    struct Head;
    struct Slot;
    struct Part;

    LiveState(UniqueFd file, Mapping table) : file_(std::move(file)), table_(std::move(table)) {}
    Status check() const;
    Status index();
    Status grow();
    [[nodiscard]] std::size_t capacity() const;
    [[nodiscard]] Slot *slot(std::size_t at) const;
    [[nodiscard]] Part *part(std::size_t at) const;
    Status index_part(std::size_t at);
    void add_parts(const Row &row);
    void free_parts(std::uint64_t number);
    static std::optional<Row> row_of(const Slot &slot);
    [[nodiscard]] Place place_of(std::uint64_t number) const;

    UniqueFd file_;
    std::optional<Mapping> table_;                    ///< never empty
    std::map<std::uint64_t, std::size_t> used_;       ///< the slot of each number
    std::multimap<std::uint64_t, std::size_t> parts_; ///< of the places of each number
    std::vector<std::size_t> free_;
};

} // namespace dmaheap

// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "core/result.h"
#include "core/size.h"
#include "core/unique_fd.h"

namespace dmaheap {

/// A run of bytes of a file of memory (a memfd). Offset and size are whole pages.
struct Extent {
    UniqueFd file;
    Bytes offset;
    Bytes size;
};

/// What an exporter has made over memory ahead of need, see Exporter::prepare().
class Prepared {
public:
    Prepared() = default;
    Prepared(const Prepared &) = delete;
    Prepared &operator=(const Prepared &) = delete;
    virtual ~Prepared() = default;
};

/// What a policy hands out: the memory of one buffer, in the order in which the buffer shows it.
/// At its end it goes home, to whom it was taken from; memory without a home is freed.
class Memory {
public:
    /// Takes back memory whose user has done with it, and whose content may be anything. Called
    /// once, on any thread, perhaps under the locks of whoever held it: it must neither wait nor
    /// ask an exporter for anything.
    using Home = std::function<void(Memory memory)>;

    explicit Memory(Extent extent);
    /// Must not be empty.
    explicit Memory(std::vector<Extent> extents);
    Memory(Memory &&other) noexcept;
    Memory(const Memory &) = delete;
    Memory &operator=(const Memory &) = delete;
    Memory &operator=(Memory &&other) noexcept;
    ~Memory();

    /// Ordinary pages, whichever there are. No file stands for them yet: the exporter uses one that
    /// it has at hand, or place().
    static Memory any_pages(Bytes size) { return Memory(size); }

    [[nodiscard]] Bytes size() const { return size_; }

    /// Empty for memory that has not been placed.
    [[nodiscard]] const std::vector<Extent> &extents() const { return extents_; }
    [[nodiscard]] bool placed() const { return !extents_.empty(); }

    /// Gives any_pages() a file of zeroes, if it has none yet.
    Status place();

    /// Another descriptor of each extent, of the first `size` bytes only.
    [[nodiscard]] Result<std::vector<Extent>> first(Bytes size) const;

    /// Puts another file of the same size into the place of an extent's. What has been made over
    /// the memory ahead of need ends.
    void replace(std::size_t extent, UniqueFd file);

    /// Whom it goes to first; what it is given back by that one goes to the homes it had before.
    void add_home(Home home);
    /// Whether somebody will use it again.
    [[nodiscard]] bool has_home() const { return !homes_.empty(); }

    /// Ends before the memory goes home.
    void keep(std::unique_ptr<Prepared> prepared) { prepared_ = std::move(prepared); }
    [[nodiscard]] bool prepared() const { return prepared_ != nullptr; }
    [[nodiscard]] std::unique_ptr<Prepared> take_prepared() { return std::move(prepared_); }

private:
    explicit Memory(Bytes size) : size_(size) {}
    void go_home() noexcept;

    Bytes size_ = 0;
    std::vector<Extent> extents_;
    std::vector<Home> homes_; ///< the last one is the next
    std::unique_ptr<Prepared> prepared_;
};

/// All of one file: whoever is given the file is given nothing else with it.
bool is_a_whole_file(const Memory &memory);

/// A file that others may open by a name: one that cannot be sealed any more. So is a memfd of ours
/// whose size MemfdExporter has fixed.
bool is_named(int file);

/// Of such a file.
bool is_of_named_file(const Memory &memory);

} // namespace dmaheap

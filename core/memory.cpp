// SPDX-License-Identifier: MIT
#include "core/memory.h"

#include <algorithm>

#include <fcntl.h>

#include <sys/stat.h>

#include "core/sys.h"

namespace dmaheap {

namespace {

std::vector<Extent> one(Extent extent)
{
    std::vector<Extent> extents;
    extents.push_back(std::move(extent));
    return extents;
}

} // namespace

Memory::Memory(Extent extent) : Memory(one(std::move(extent))) {}

Memory::Memory(std::vector<Extent> extents) : extents_(std::move(extents))
{
    for (const Extent &extent : extents_)
        size_ += extent.size;
}

Memory::Memory(Memory &&other) noexcept
    : size_(other.size_), extents_(std::move(other.extents_)),
      homes_(std::exchange(other.homes_, {})), prepared_(std::move(other.prepared_))
{
}

Memory &Memory::operator=(Memory &&other) noexcept
{
    if (this != &other) {
        go_home();
        size_ = other.size_;
        extents_ = std::move(other.extents_);
        homes_ = std::exchange(other.homes_, {});
        prepared_ = std::move(other.prepared_);
    }
    return *this;
}

Memory::~Memory()
{
    go_home();
}

void Memory::go_home() noexcept
{
    prepared_.reset();
    if (homes_.empty())
        return;

    const Home home = std::move(homes_.back());
    homes_.pop_back();
    home(std::move(*this));
}

void Memory::add_home(Home home)
{
    homes_.push_back(std::move(home));
}

Status Memory::place()
{
    if (placed())
        return {};

    auto file = sys::memfd("dmaheapd-buffer", size_);
    if (!file)
        return std::unexpected(file.error());

    extents_.push_back(Extent{ .file = *std::move(file), .offset = 0, .size = size_ });
    return {};
}

Result<std::vector<Extent>> Memory::first(Bytes size) const
{
    std::vector<Extent> part;
    for (auto extent = extents_.begin(); extent != extents_.end() && size != 0; ++extent) {
        auto file = sys::duplicate(extent->file.get());
        if (!file)
            return std::unexpected(file.error());

        const Bytes length = std::min(size, extent->size);
        part.push_back({ .file = *std::move(file), .offset = extent->offset, .size = length });
        size -= length;
    }
    return part;
}

bool is_a_whole_file(const Memory &memory)
{
    if (memory.extents().size() != 1 || memory.extents().front().offset != 0)
        return false;

    struct stat status{};
    return ::fstat(memory.extents().front().file.get(), &status) == 0 &&
           static_cast<Bytes>(status.st_size) == memory.size();
}

bool is_named(int file)
{
    const int seals = ::fcntl(file, F_GET_SEALS);
    return seals == -1 || (seals & F_SEAL_SEAL) != 0;
}

bool is_of_named_file(const Memory &memory)
{
    return memory.placed() && is_named(memory.extents().front().file.get());
}

void Memory::replace(std::size_t extent, UniqueFd file)
{
    prepared_.reset();
    extents_[extent].file = std::move(file);
}

} // namespace dmaheap

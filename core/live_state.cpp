// SPDX-License-Identifier: MIT
#include "core/live_state.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <utility>

#include <unistd.h>

#include <sys/stat.h>

#include "core/sys.h"

namespace dmaheap {

/// Numbers as this machine has them: the file never leaves it, and ends with it.
struct LiveState::Head {
    std::array<char, 8> magic;
    std::uint32_t version;
    std::uint32_t slot_size;
    std::array<std::byte, 112> unused;
};

struct LiveState::Slot {
    std::uint64_t number; ///< 0: free. Written last, and first when it becomes free
    std::uint64_t size;
    std::int64_t time; ///< nanoseconds since 1970
    std::uint64_t device;
    std::uint64_t inode;
    std::int32_t process;
    std::uint32_t user;
    std::array<char, kLongestHeap + 1> heap; ///< ends with a 0
    std::uint64_t of;
    std::array<std::byte, 8> unused;
};

/// Some of the ranges of a place, in a slot that is written before the row's, and freed after it.
struct LiveState::Part {
    static constexpr std::uint64_t kMark = std::uint64_t{ 1 } << 63; ///< of the number

    std::uint64_t number;
    std::uint64_t device;
    std::uint64_t inode;
    std::uint64_t used;
    std::array<Range, 6> ranges;
};

namespace {

constexpr std::array<char, 8> kMagic{ 'd', 'm', 'a', 'h', 'e', 'a', 'p', 'd' };
constexpr std::uint32_t kVersion = 2;
constexpr std::size_t kRowBytes = 128;
constexpr std::size_t kFirstRows = 31; // a page, with the head

constexpr std::size_t bytes_for(std::size_t rows)
{
    return kRowBytes * (rows + 1);
}

std::unexpected<Error> garbage(const char *what)
{
    return failure(EBADMSG, what);
}

bool could_be(const Range &range)
{
    return range.size != 0 && range.size % Extents::kGranule == 0 &&
           range.offset % Extents::kGranule == 0 && range.offset + range.size > range.offset;
}

} // namespace

Result<LiveState> LiveState::create()
{
    static_assert(sizeof(Head) == kRowBytes && sizeof(Slot) == kRowBytes &&
                  sizeof(Part) == kRowBytes);
    auto file = sys::memfd("dmaheapd-state", bytes_for(kFirstRows));
    if (!file)
        return std::unexpected(file.error());
    auto table = Mapping::shared(file->get(), 0, bytes_for(kFirstRows));
    if (!table)
        return std::unexpected(table.error());

    const Head head{ .magic = kMagic, .version = kVersion, .slot_size = kRowBytes, .unused = {} };
    std::memcpy(table->data(), &head, sizeof head);
    LiveState state(*std::move(file), *std::move(table));
    if (auto indexed = state.index(); !indexed)
        return std::unexpected(indexed.error());

    return state;
}

Result<LiveState> LiveState::adopt(UniqueFd file)
{
    struct stat status{};
    if (::fstat(file.get(), &status) == -1 || !S_ISREG(status.st_mode))
        return garbage("state that is no file");
    const auto size = static_cast<std::size_t>(status.st_size);
    if (size < bytes_for(1) || size > bytes_for(kMostRows) || size % kRowBytes != 0)
        return garbage("size of the state");
    auto table = Mapping::shared(file.get(), 0, size);
    if (!table)
        return std::unexpected(table.error());

    LiveState state(std::move(file), *std::move(table));
    if (auto good = state.check(); !good)
        return std::unexpected(good.error());
    if (auto indexed = state.index(); !indexed)
        return std::unexpected(indexed.error());

    return state;
}

Status LiveState::add(const Row &row)
{
    if (row.heap.size() > kLongestHeap)
        return failure(EINVAL, "name of a heap in the state");
    constexpr std::size_t kOfPart = std::tuple_size_v<decltype(Part::ranges)>;
    const std::size_t wanted = 1 + (row.place.ranges.size() + kOfPart - 1) / kOfPart;
    while (free_.size() < wanted)
        if (auto grown = grow(); !grown)
            return grown;

    add_parts(row);
    const std::size_t at = free_.back();
    free_.pop_back();
    used_.emplace(row.number, at);
    Slot written{ .number = 0,
                  .size = row.size,
                  .time = std::chrono::nanoseconds(row.time.time_since_epoch()).count(),
                  .device = row.file.device,
                  .inode = row.file.inode,
                  .process = row.owner.process,
                  .user = row.owner.user,
                  .heap = {},
                  .of = row.of,
                  .unused = {} };
    row.heap.copy(written.heap.data(), kLongestHeap);
    Slot &kept = *slot(at);
    kept = written;
    std::atomic_ref(kept.number).store(row.number, std::memory_order_release);
    return {};
}

void LiveState::remove(std::uint64_t number)
{
    const auto found = used_.find(number);
    if (found == used_.end())
        return;

    std::atomic_ref(slot(found->second)->number).store(0, std::memory_order_release);
    free_.push_back(found->second);
    used_.erase(found);
    free_parts(number);
}

/// There is room.
void LiveState::add_parts(const Row &row)
{
    const auto &ranges = row.place.ranges;
    for (std::size_t done = 0; done < ranges.size();) {
        const std::size_t at = free_.back();
        free_.pop_back();
        parts_.emplace(row.number, at);
        Part written{ .number = 0,
                      .device = row.place.file.device,
                      .inode = row.place.file.inode,
                      .used = std::min(ranges.size() - done, std::size(written.ranges)),
                      .ranges = {} };
        std::copy_n(ranges.begin() + static_cast<std::ptrdiff_t>(done), written.used,
                    written.ranges.begin());
        done += written.used;
        Part &kept = *part(at);
        kept = written;
        std::atomic_ref(kept.number).store(row.number | Part::kMark, std::memory_order_release);
    }
}

void LiveState::free_parts(std::uint64_t number)
{
    const auto [first, last] = parts_.equal_range(number);
    for (auto found = first; found != last; ++found) {
        std::atomic_ref(part(found->second)->number).store(0, std::memory_order_release);
        free_.push_back(found->second);
    }
    parts_.erase(first, last);
}

std::vector<LiveState::Row> LiveState::rows() const
{
    std::vector<Row> rows;
    for (const auto &[number, at] : used_)
        if (auto row = row_of(*slot(at))) {
            row->place = place_of(number);
            rows.push_back(*std::move(row));
        }
    return rows;
}

Status LiveState::check() const
{
    Head head{};
    std::memcpy(&head, table_->data(), sizeof head);
    if (head.magic != kMagic)
        return garbage("first bytes of the state");
    if (head.version != kVersion || head.slot_size != kRowBytes)
        return garbage("version of the state");

    return {};
}

/// Finds out which slots are used. EBADMSG when one of them cannot be.
Status LiveState::index()
{
    for (std::size_t at = capacity(); at-- > 0;) {
        const Slot &found = *slot(at);
        if (found.number == 0)
            free_.push_back(at);
        else if ((found.number & Part::kMark) != 0) {
            if (auto indexed = index_part(at); !indexed)
                return indexed;
        } else if (!row_of(found))
            return garbage("row of the state");
        else if (!used_.emplace(found.number, at).second)
            return garbage("number of a row of the state");
    }
    // Of a daemon that was killed before it had written the row, or after it had taken it out.
    std::erase_if(parts_, [this](const auto &known) {
        const bool orphan = !used_.contains(known.first);
        if (orphan) {
            part(known.second)->number = 0;
            free_.push_back(known.second);
        }
        return orphan;
    });
    return {};
}

Status LiveState::index_part(std::size_t at)
{
    const Part &found = *part(at);
    if (found.used == 0 || found.used > found.ranges.size() ||
        !std::all_of(found.ranges.begin(),
                     found.ranges.begin() + static_cast<std::ptrdiff_t>(found.used), could_be))
        return garbage("place of a buffer in the state");

    parts_.emplace(found.number & ~Part::kMark, at);
    return {};
}

Status LiveState::grow()
{
    const std::size_t before = capacity();
    const std::size_t rows = 2 * before + 1;
    if (rows > kMostRows)
        return failure(ENOMEM, "room for live buffers in the state");
    if (auto grown =
            check_done("ftruncate", ::ftruncate(file_.get(), static_cast<off_t>(bytes_for(rows))));
        !grown)
        return grown;
    auto table = Mapping::shared(file_.get(), 0, bytes_for(rows));
    if (!table)
        return std::unexpected(table.error());

    table_.emplace(*std::move(table));
    for (std::size_t at = rows; at-- > before;)
        free_.push_back(at);
    return {};
}

std::size_t LiveState::capacity() const
{
    return table_->size() / kRowBytes - 1;
}

LiveState::Slot *LiveState::slot(std::size_t at) const
{
    return reinterpret_cast<Slot *>(table_->data() + bytes_for(at));
}

LiveState::Part *LiveState::part(std::size_t at) const
{
    return reinterpret_cast<Part *>(table_->data() + bytes_for(at));
}

/// The order of its ranges is not kept.
Place LiveState::place_of(std::uint64_t number) const
{
    Place place;
    const auto [first, last] = parts_.equal_range(number);
    for (auto found = first; found != last; ++found) {
        const Part &some = *part(found->second);
        place.file = { .device = some.device, .inode = some.inode };
        place.ranges.insert(place.ranges.end(), some.ranges.begin(),
                            some.ranges.begin() + static_cast<std::ptrdiff_t>(some.used));
    }
    return place;
}

std::optional<LiveState::Row> LiveState::row_of(const Slot &slot)
{
    const auto *const end =
        static_cast<const char *>(std::memchr(slot.heap.data(), 0, slot.heap.size()));
    if (!end || end == slot.heap.data() || slot.size == 0 || slot.size % page_size() != 0)
        return std::nullopt;

    using Clock = std::chrono::system_clock;
    return Row{ .number = slot.number,
                .heap = std::string(slot.heap.data(), end),
                .size = slot.size,
                .owner = { .process = slot.process, .user = slot.user },
                .time = Clock::time_point(std::chrono::duration_cast<Clock::duration>(
                    std::chrono::nanoseconds(slot.time))),
                .file = { .device = slot.device, .inode = slot.inode },
                .of = slot.of };
}

} // namespace dmaheap

// SPDX-License-Identifier: MIT
#include "core/live_state.h"

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
    std::array<std::byte, 16> unused;
};

namespace {

constexpr std::array<char, 8> kMagic{ 'd', 'm', 'a', 'h', 'e', 'a', 'p', 'd' };
constexpr std::uint32_t kVersion = 1;
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

} // namespace

Result<LiveState> LiveState::create()
{
    static_assert(sizeof(Head) == kRowBytes && sizeof(Slot) == kRowBytes);
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
    if (free_.empty())
        if (auto grown = grow(); !grown)
            return grown;

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
}

std::vector<LiveState::Row> LiveState::rows() const
{
    std::vector<Row> rows;
    for (const auto &[number, at] : used_)
        if (auto row = row_of(*slot(at)))
            rows.push_back(*std::move(row));
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
        else if (!row_of(found))
            return garbage("row of the state");
        else if (!used_.emplace(found.number, at).second)
            return garbage("number of a row of the state");
    }
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
                .file = { .device = slot.device, .inode = slot.inode } };
}

} // namespace dmaheap

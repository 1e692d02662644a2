// SPDX-License-Identifier: MIT
#include "core/udmabuf.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <linux/dma-buf.h>
#include <linux/udmabuf.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include "core/mapping.h"
#include "core/sys.h"

namespace dmaheap {

namespace {

constexpr const char *kSizeLimit = "/sys/module/udmabuf/parameters/size_limit_mb";
constexpr unsigned kMiB = 20;

static_assert(sizeof(udmabuf_create_list) == 8 && sizeof(udmabuf_create_item) == 24);
static_assert(UDMABUF_CREATE_LIST == 0x40087543);

Bytes parse_megabytes(const std::string &text)
{
    Bytes megabytes = 0;
    std::from_chars(text.data(), text.data() + text.size(), megabytes);
    return megabytes << kMiB;
}

/// The argument of UDMABUF_CREATE_LIST: a head, and an item for each extent.
std::vector<std::byte> create_list(const Memory &memory)
{
    const auto &extents = memory.extents();
    udmabuf_create_list head{};
    head.flags = UDMABUF_FLAGS_CLOEXEC;
    head.count = static_cast<std::uint32_t>(extents.size());
    std::vector<std::byte> argument(sizeof head + extents.size() * sizeof(udmabuf_create_item));
    std::memcpy(argument.data(), &head, sizeof head);

    std::byte *place = argument.data() + sizeof head;
    for (const Extent &extent : extents) {
        const udmabuf_create_item item{ .memfd = static_cast<std::uint32_t>(extent.file.get()),
                                        .__pad = 0,
                                        .offset = extent.offset,
                                        .size = extent.size };
        std::memcpy(place, &item, sizeof item);
        place += sizeof item;
    }
    return argument;
}

/// The first SYNC of all. Clients end an access that they have not begun, and the kernel's own
/// heaps let them; end_cpu_udmabuf() does so once begin_cpu_udmabuf() has been called. Best effort.
void begin_access(int dma_buf)
{
    dma_buf_sync sync{ .flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW };
    ::ioctl(dma_buf, DMA_BUF_IOCTL_SYNC, &sync);
}

/// How many references to a dma-buf there are: descriptors, mappings, importers. 0 when unknown.
unsigned reference_count(int dma_buf)
{
    const auto info = sys::read_text(("/proc/self/fdinfo/" + std::to_string(dma_buf)).c_str());
    if (!info)
        return 0;

    constexpr std::string_view kKey = "\ncount:\t";
    const auto at = info->find(kKey);
    unsigned count = 0;
    if (at != std::string::npos)
        std::from_chars(info->data() + at + kKey.size(), info->data() + info->size(), count);
    return count;
}

/// Whether the kernel takes hold of the pages of a mapping of the dma-buf, as it would for a pipe
/// (vmsplice) or for io_uring, which keep them after the mapping has gone. It reads the memory of
/// another process, or of one's own, in the same way. True when that cannot be found out.
bool pages_can_be_held(int dma_buf)
{
    const auto mapping = Mapping::shared(dma_buf, 0, page_size());
    if (!mapping)
        return true;

    char byte = 0;
    const iovec here{ .iov_base = &byte, .iov_len = 1 };
    const iovec there{ .iov_base = mapping->data(), .iov_len = 1 };
    return ::process_vm_readv(::getpid(), &here, 1, &there, 1, 0) != -1 || errno != EFAULT;
}

/// A dma-buf that waits for its first user.
struct Made final : Prepared {
    explicit Made(UniqueFd made) : dma_buf(std::move(made)) {}

    UniqueFd dma_buf;
};

} // namespace

Result<std::unique_ptr<UdmabufExporter>> UdmabufExporter::open(std::function<void()> on_live)
{
    auto device = sys::open("/dev/udmabuf", O_RDWR);
    if (!device)
        return std::unexpected(device.error());

    auto watched = WatchedFiles::create();
    if (!watched)
        return std::unexpected(watched.error());

    std::unique_ptr<UdmabufExporter> exporter(
        new UdmabufExporter(*std::move(device), *std::move(watched), std::move(on_live)));
    auto page = sys::memfd("dmaheapd-probe", page_size());
    if (!page)
        return std::unexpected(page.error());
    const auto made = exporter->create(Memory(Extent{ *std::move(page), 0, page_size() }));
    if (!made)
        return std::unexpected(made.error());

    exporter->leaves_memory_ = !pages_can_be_held(made->get());
    exporter->raise_size_limit();
    return exporter;
}

UdmabufExporter::~UdmabufExporter()
{
    if (!old_size_limit_.empty())
        static_cast<void>(sys::write_text(kSizeLimit, old_size_limit_));
}

Result<UniqueFd> UdmabufExporter::export_buffer(Buffer buffer, unsigned /*fd_flags*/)
{
    if (auto fit = fit_for_export(buffer); !fit)
        return std::unexpected(fit.error());

    auto dma_buf = take_or_create(buffer.memory());
    if (!dma_buf)
        return dma_buf;

    if (auto kept = keep(dma_buf->get(), std::move(buffer)); !kept)
        return std::unexpected(kept.error());

    return dma_buf;
}

Status UdmabufExporter::keep(int dma_buf, Buffer buffer)
{
    buffer.set_file(inode_of(dma_buf).value_or(Inode{}));
    const std::scoped_lock lock(mutex_);
    const auto number = watch_locked(dma_buf, buffer, 0);
    if (!number)
        return std::unexpected(number.error());

    live_.emplace(*number, std::make_shared<Buffer>(std::move(buffer)));
    if (live_.size() == 1)
        on_live_();
    return {};
}

Result<std::uint64_t> UdmabufExporter::watch(int dma_buf, const Buffer &buffer, std::uint64_t of)
{
    const std::scoped_lock lock(mutex_);
    return watch_locked(dma_buf, buffer, of);
}

/// What is noted and not watched has ended, to whoever comes after us.
Result<std::uint64_t> UdmabufExporter::watch_locked(int dma_buf, const Buffer &buffer,
                                                    std::uint64_t of)
{
    const std::uint64_t number = ++last_number_;
    if (auto noted = note(number, buffer, inode_of(dma_buf).value_or(Inode{}), of); !noted)
        return std::unexpected(noted.error());
    if (auto watched = watched_.add(dma_buf, number); !watched) {
        forget_locked(number);
        return std::unexpected(watched.error());
    }
    return number;
}

Status UdmabufExporter::note(std::uint64_t number, const Buffer &buffer, Inode file,
                             std::uint64_t of)
{
    if (!state_)
        return {};

    const Memory &memory = buffer.memory();
    return state_->add({ .number = number,
                         .heap = buffer.heap(),
                         .size = buffer.size(),
                         .owner = buffer.owner(),
                         .time = std::chrono::system_clock::now(),
                         .file = file,
                         .of = of,
                         .place = memory.has_home() ? place_of(memory) : Place{} });
}

void UdmabufExporter::forget(std::uint64_t number)
{
    const std::scoped_lock lock(mutex_);
    forget_locked(number);
}

void UdmabufExporter::forget_locked(std::uint64_t number)
{
    if (state_)
        state_->remove(number);
}

Result<Estate> UdmabufExporter::leave_estate(Ledger &ledger, std::optional<Inheritance> earlier,
                                             const MemoryOf &memory_of)
{
    auto kept = earlier ? Result<LiveState>(std::move(earlier->state)) : LiveState::create();
    if (!kept)
        return std::unexpected(kept.error());
    auto watched = sys::duplicate(earlier ? earlier->watched.fd() : watched_.fd());
    auto state = sys::duplicate(kept->fd());
    if (!watched || !state)
        return std::unexpected(!watched ? watched.error() : state.error());

    state_.emplace(*std::move(kept));
    if (earlier)
        inherit(ledger, *std::move(earlier), memory_of);
    return Estate{ .watched = *std::move(watched), .state = *std::move(state) };
}

void UdmabufExporter::inherit(Ledger &ledger, Inheritance earlier, const MemoryOf &memory_of)
{
    const std::scoped_lock lock(mutex_);
    watched_ = std::move(earlier.watched);
    last_number_ = earlier.last_number;
    std::map<std::uint64_t, std::shared_ptr<Buffer>> buffers; // by their first dma-buf
    for (const LiveState::Row &row : earlier.live) {
        std::shared_ptr<Buffer> &buffer = buffers[row.of == 0 ? row.number : row.of];
        if (!buffer)
            buffer = std::make_shared<Buffer>(ledger.restore({ .id = 0,
                                                               .heap = row.heap,
                                                               .size = row.size,
                                                               .owner = row.owner,
                                                               .time = row.time,
                                                               .file = row.file }),
                                              memory_of(row));
        live_.emplace(row.number, buffer);
    }
    if (!live_.empty())
        on_live_();
}

Result<std::unique_ptr<SharedBuffer>> UdmabufExporter::share(Buffer buffer)
{
    if (auto fit = fit_for_export(buffer); !fit)
        return std::unexpected(fit.error());

    return shares_.share(std::move(buffer));
}

Result<std::unique_ptr<SharedBuffer>> UdmabufExporter::find_shared(const FileIdentity &dma_buf)
{
    auto found = shares_.find(dma_buf);
    if (!found)
        return failure(EINVAL, "file that is no shared buffer");

    return found;
}

/// Places the memory. ENOMEM for more than a udmabuf can be.
Status UdmabufExporter::fit_for_export(Buffer &buffer) const
{
    if (size_limit_ != 0 && buffer.size() > size_limit_)
        return failure(ENOMEM, "size_limit_mb of the udmabuf module (raise it in "
                               "/sys/module/udmabuf/parameters, which takes root)");

    return buffer.memory().place();
}

Status UdmabufExporter::prepare(Memory &memory)
{
    if (size_limit_ != 0 && memory.size() > size_limit_)
        return {}; // export_buffer() will say so

    auto dma_buf = create(memory);
    if (!dma_buf)
        return std::unexpected(dma_buf.error());

    memory.keep(std::make_unique<Made>(*std::move(dma_buf)));
    return {};
}

Result<UniqueFd> UdmabufExporter::take_or_create(Memory &memory) const
{
    const auto prepared = memory.take_prepared();
    auto *const made = dynamic_cast<Made *>(prepared.get());
    if (made)
        return std::move(made->dma_buf);

    return create(memory);
}

bool UdmabufExporter::reap()
{
    const bool shared = shares_.end([](int dma_buf) { return reference_count(dma_buf) == 1; });
    return reap_watched() || shared;
}

bool UdmabufExporter::reap_watched()
{
    const std::scoped_lock lock(looking_);
    std::uint64_t last = 0;
    {
        const std::scoped_lock briefly(mutex_);
        if (live_.empty())
            return false;
        last = last_number_; // later ones may not be among those that are read now
    }
    const auto remaining = watched_.remaining();
    if (!remaining)
        return true;

    take_ended(last, *remaining).clear(); // without the lock: memory is given back
    const std::scoped_lock briefly(mutex_);
    return !live_.empty();
}

std::vector<std::shared_ptr<Buffer>>
UdmabufExporter::take_ended(std::uint64_t last, const std::vector<std::uint64_t> &remaining)
{
    const std::scoped_lock lock(mutex_);
    std::vector<std::shared_ptr<Buffer>> ended;
    auto left = remaining.begin();
    for (auto at = live_.begin(); at != live_.end() && at->first <= last;) {
        left =
            std::find_if(left, remaining.end(), [&](auto number) { return number >= at->first; });
        if (left != remaining.end() && *left == at->first) {
            ++at;
            continue;
        }
        forget_locked(at->first);
        ended.push_back(std::move(at->second));
        at = live_.erase(at);
    }
    return ended;
}

void UdmabufExporter::raise_size_limit()
{
    const auto before = sys::read_text(kSizeLimit);
    if (!before)
        return;

    size_limit_ = parse_megabytes(*before);
    if (size_limit_ >= machine_memory())
        return;

    const Bytes wanted = machine_memory() >> kMiB;
    if (!sys::write_text(kSizeLimit, std::to_string(wanted)))
        return;

    old_size_limit_ = *before;
    size_limit_ = wanted << kMiB;
}

Result<UniqueFd> UdmabufExporter::create(const Memory &memory) const
{
    for (const Extent &extent : memory.extents())
        if (auto sealed = sys::add_seals(extent.file.get(), F_SEAL_SHRINK); !sealed)
            return std::unexpected(sealed.error());

    auto argument = create_list(memory);
    const auto made =
        check("UDMABUF_CREATE_LIST", ::ioctl(device_.get(), UDMABUF_CREATE_LIST, argument.data()));
    if (!made)
        return std::unexpected(made.error());

    begin_access(*made);
    return UniqueFd(*made);
}

} // namespace dmaheap

// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "core/exporter.h"
#include "core/live_state.h"
#include "core/udmabuf_shares.h"
#include "core/watched_files.h"

namespace dmaheap {

/// Real dma-bufs, made by /dev/udmabuf; drivers import them.
///
/// The kernel does not tell when such a buffer ends: the exporter watches the dma-bufs, of which it
/// keeps no descriptor, and reap() sees which of them are left.
/// The access mode asked for has no effect: udmabuf_create() always makes O_RDWR.
class UdmabufExporter final : public Exporter {
public:
    /// Opens /dev/udmabuf, makes one buffer to see that it works, and raises the module's
    /// size_limit_mb to the machine's memory where it may; it is put back at the end.
    /// `on_live` is called when there is a live buffer after there was none: from then on reap()
    /// is wanted.
    static Result<std::unique_ptr<UdmabufExporter>> open(std::function<void()> on_live);

    ~UdmabufExporter() override;

    [[nodiscard]] const char *name() const override { return "udmabuf"; }

    /// ENOMEM for more than the module's size_limit_mb, with a step that names it.
    Result<UniqueFd> export_buffer(Buffer buffer, unsigned fd_flags) override;
    Result<std::unique_ptr<SharedBuffer>> share(Buffer buffer) override;
    Result<std::unique_ptr<SharedBuffer>> find_shared(const FileIdentity &dma_buf) override;
    [[nodiscard]] bool shows_extents() const override { return true; }
    [[nodiscard]] bool leaves_memory() const override { return leaves_memory_; }
    Status prepare(Memory &memory) override;
    Result<Estate> leave_estate(Ledger &ledger, std::optional<Inheritance> earlier,
                                const MemoryOf &memory_of) override;
    bool reap() override;

private:
    UdmabufExporter(UniqueFd device, WatchedFiles watched, std::function<void()> on_live)
        : device_(std::move(device)), watched_(std::move(watched)), on_live_(std::move(on_live)),
          shares_({ .create = [this](const Memory &memory) { return create(memory); },
                    .watch = [this](int dma_buf, const Buffer &buffer,
                                    std::uint64_t of) { return watch(dma_buf, buffer, of); },
                    .forget = [this](std::uint64_t number) { forget(number); } },
                  on_live_)
    {
    }
    Status fit_for_export(Buffer &buffer) const;
    Status keep(int dma_buf, Buffer buffer);
    Result<std::uint64_t> watch(int dma_buf, const Buffer &buffer, std::uint64_t of);
    Result<std::uint64_t> watch_locked(int dma_buf, const Buffer &buffer, std::uint64_t of);
    Status note(std::uint64_t number, const Buffer &buffer, Inode file, std::uint64_t of);
    void forget(std::uint64_t number);
    void forget_locked(std::uint64_t number);
    void inherit(Ledger &ledger, Inheritance earlier, const MemoryOf &memory_of);
    bool reap_watched();
    std::vector<std::shared_ptr<Buffer>> take_ended(std::uint64_t last,
                                                    const std::vector<std::uint64_t> &remaining);
    void raise_size_limit();
    [[nodiscard]] Result<UniqueFd> create(const Memory &memory) const;
    Result<UniqueFd> take_or_create(Memory &memory) const;

    UniqueFd device_;
    WatchedFiles watched_;
    std::function<void()> on_live_;
    std::string old_size_limit_; ///< empty when it was left alone
    Bytes size_limit_ = 0;       ///< 0 when unknown
    bool leaves_memory_ = false; ///< pages of a mapping cannot be held on to: since Linux 6.12
    std::mutex looking_; ///< taken before the other, by whoever looks which buffers have ended
    std::mutex mutex_;
    std::uint64_t last_number_ = 0;
    /// By the number under which each is watched; those that were shared before us are there for
    /// each of their dma-bufs.
    std::map<std::uint64_t, std::shared_ptr<Buffer>> live_;
    std::optional<LiveState> state_; ///< of those and of the shares, if it is to outlive us
    UdmabufShares shares_;
};

} // namespace dmaheap

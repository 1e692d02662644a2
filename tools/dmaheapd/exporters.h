// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "core/exporter.h"

namespace dmaheap::daemon {

/// Those of all heaps: the usual one, and another for what that one cannot show, which is memory of
/// files that have names. Each buffer goes to the one that can show its memory; what is asked about
/// all buffers, both are asked.
class Exporters final : public Exporter {
public:
    using Make = std::function<std::unique_ptr<Exporter>()>;

    /// Without `make_for_files` there is only the usual one.
    explicit Exporters(std::unique_ptr<Exporter> usual, Make make_for_files = {});

    /// From now on there may be memory of files that have names. Makes the other exporter, if it is
    /// needed and can be had; throws what `make_for_files` does. Others may be using this.
    void expect_named_files();

    /// That of memory of files that have names; the usual one when there is no other.
    [[nodiscard]] const Exporter &for_files() const;

    /// The usual one's.
    [[nodiscard]] const char *name() const override { return usual_->name(); }

    Result<UniqueFd> export_buffer(Buffer buffer, unsigned fd_flags) override;
    Result<std::unique_ptr<SharedBuffer>> share(Buffer buffer) override;
    Result<std::unique_ptr<SharedBuffer>> find_shared(const FileIdentity &dma_buf) override;
    [[nodiscard]] bool shows_extents() const override { return usual_->shows_extents(); }
    /// Of memory of files that have names, nobody has to know: it is never kept for another buffer.
    [[nodiscard]] bool leaves_memory() const override { return usual_->leaves_memory(); }
    [[nodiscard]] bool shows_named_files() const override
    {
        return for_files().shows_named_files();
    }
    Status prepare(Memory &memory) override;
    /// Of the usual one's buffers alone.
    Result<Estate> leave_estate(Ledger &ledger, std::optional<Inheritance> earlier,
                                const MemoryOf &memory_of) override;
    bool reap() override;

private:
    Exporter &exporter_of(const Memory &memory);

    std::unique_ptr<Exporter> usual_;
    Make make_for_files_;
    std::unique_ptr<Exporter> owned_for_files_;
    std::atomic<Exporter *> for_files_ = nullptr; ///< for those who use it meanwhile
};

} // namespace dmaheap::daemon

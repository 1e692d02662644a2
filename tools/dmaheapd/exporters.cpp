// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/exporters.h"

#include <utility>

namespace dmaheap::daemon {

Exporters::Exporters(std::unique_ptr<Exporter> usual, Make make_for_files)
    : usual_(std::move(usual)), make_for_files_(std::move(make_for_files))
{
}

void Exporters::expect_named_files()
{
    if (shows_named_files() || !make_for_files_)
        return;

    owned_for_files_ = make_for_files_();
    for_files_ = owned_for_files_.get();
}

const Exporter &Exporters::for_files() const
{
    const Exporter *const other = for_files_;
    return other ? *other : *usual_;
}

Result<UniqueFd> Exporters::export_buffer(Buffer buffer, unsigned fd_flags)
{
    Exporter &exporter = exporter_of(buffer.memory());
    return exporter.export_buffer(std::move(buffer), fd_flags);
}

Result<std::unique_ptr<SharedBuffer>> Exporters::share(Buffer buffer)
{
    Exporter &exporter = exporter_of(buffer.memory());
    return exporter.share(std::move(buffer));
}

Result<std::unique_ptr<SharedBuffer>> Exporters::find_shared(const FileIdentity &dma_buf)
{
    auto found = usual_->find_shared(dma_buf);
    Exporter *const other = for_files_;
    if (found || !other)
        return found;

    return other->find_shared(dma_buf);
}

Status Exporters::prepare(Memory &memory)
{
    return exporter_of(memory).prepare(memory);
}

Result<Estate> Exporters::leave_estate(Ledger &ledger, std::optional<Inheritance> earlier,
                                       const MemoryOf &memory_of)
{
    return usual_->leave_estate(ledger, std::move(earlier), memory_of);
}

bool Exporters::reap()
{
    Exporter *const other = for_files_;
    const bool others_live = other && other->reap();
    return usual_->reap() || others_live;
}

Exporter &Exporters::exporter_of(const Memory &memory)
{
    Exporter *const other = for_files_;
    return other && is_of_named_file(memory) ? *other : *usual_;
}

} // namespace dmaheap::daemon

// SPDX-License-Identifier: MIT
#include "core/heap.h"

namespace dmaheap {

Heap::Heap(std::string name, std::unique_ptr<Policy> policy, Ledger &ledger, Exporter &exporter)
    : name_(std::move(name)), policy_(std::move(policy)), ledger_(ledger), exporter_(exporter)
{
}

Result<UniqueFd> Heap::allocate(Bytes length, unsigned fd_flags, Owner owner)
{
    auto buffer = obtain_buffer(length, owner);
    if (!buffer)
        return std::unexpected(buffer.error());

    return exporter_.export_buffer(*std::move(buffer), fd_flags);
}

Result<std::unique_ptr<SharedBuffer>> Heap::allocate_shared(Bytes length, Owner owner)
{
    auto buffer = obtain_buffer(length, owner);
    if (!buffer)
        return std::unexpected(buffer.error());

    return exporter_.share(*std::move(buffer));
}

Result<Buffer> Heap::obtain_buffer(Bytes length, Owner owner)
{
    const auto size = page_aligned(length);
    if (!size)
        return std::unexpected(size.error());

    if (auto fault = faults_.next(); !fault)
        return std::unexpected(fault.error());

    auto charged = charge(*size, owner);
    if (!charged)
        return std::unexpected(charged.error());

    auto memory = obtain(*size);
    if (!memory)
        return std::unexpected(memory.error());

    return Buffer(*std::move(charged), *std::move(memory));
}

Result<Ledger::Charge> Heap::charge(Bytes size, Owner owner)
{
    auto charged = ledger_.charge(name_, size, owner);
    if (charged || !ledger_.could_ever_charge(name_, size))
        return charged;

    exporter_.reap(); // buffers that have ended unnoticed still count
    return ledger_.charge(name_, size, owner);
}

Result<Memory> Heap::obtain(Bytes size)
{
    auto memory = policy_->obtain(size);
    if (memory || memory.error().code != ENOMEM)
        return memory;

    exporter_.reap(); // buffers that have ended unnoticed still have theirs
    return policy_->obtain(size);
}

} // namespace dmaheap

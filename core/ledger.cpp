// SPDX-License-Identifier: MIT
#include "core/ledger.h"

namespace dmaheap {

void Ledger::set_limit(const std::string &heap, Bytes limit)
{
    const std::scoped_lock lock(mutex_);
    accounts_[heap].limit = limit;
}

Result<Ledger::Charge> Ledger::charge(const std::string &heap, Bytes size)
{
    const std::scoped_lock lock(mutex_);
    const auto found = accounts_.find(heap);
    if (found == accounts_.end())
        return failure(ENOMEM, "heap without a limit");

    auto &[limit, use] = found->second;
    if (use.bytes > limit || size > limit - use.bytes)
        return failure(ENOMEM, "limit of the heap (raise it with limit=)");

    use.bytes += size;
    ++use.buffers;
    return Charge(*this, heap, size);
}

std::map<std::string, Ledger::Account> Ledger::accounts() const
{
    const std::scoped_lock lock(mutex_);
    return accounts_;
}

void Ledger::give_back(const std::string &heap, Bytes size)
{
    const std::scoped_lock lock(mutex_);
    Use &use = accounts_.at(heap).use;
    use.bytes -= size;
    --use.buffers;
}

} // namespace dmaheap

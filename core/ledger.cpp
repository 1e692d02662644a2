// SPDX-License-Identifier: MIT
#include "core/ledger.h"

namespace dmaheap {

namespace {

/// Users and processes that have nothing any more are remembered, for their counters, but not all.
constexpr std::size_t kRemembered = 1024;

/// What the limits of an account are called.
struct Names {
    const char *total;
    const char *per_user;
    const char *per_process;
    const char *buffer;
};

constexpr Names kOfHeap{ .total = "limit of the heap (raise it with limit=)",
                         .per_user = "limit-per-uid of the heap",
                         .per_process = "limit-per-process of the heap",
                         .buffer = "max-buffer of the heap" };
constexpr Names kOfAll{ .total = "limit of [limits]",
                        .per_user = "limit-per-uid of [limits]",
                        .per_process = "limit-per-process of [limits]",
                        .buffer = "max-buffer of [limits]" };

bool exceeds(const std::optional<Bytes> &limit, Bytes used, Bytes more)
{
    return limit && (used > *limit || more > *limit - used);
}

template <class Id>
Bytes bytes_of(const std::map<Id, Ledger::Use> &uses, Id id)
{
    const auto found = uses.find(id);
    return found == uses.end() ? 0 : found->second.bytes;
}

Status check_limits(const Ledger::Account &account, const Names &names, Bytes size, Owner owner)
{
    const Limits &limits = account.limits;
    if (exceeds(limits.buffer, 0, size))
        return failure(ENOMEM, names.buffer);
    if (exceeds(limits.per_process, bytes_of(account.processes, owner.process), size))
        return failure(ENOMEM, names.per_process);
    if (exceeds(limits.per_user, bytes_of(account.users, owner.user), size))
        return failure(ENOMEM, names.per_user);
    if (exceeds(limits.total, account.use.bytes, size))
        return failure(ENOMEM, names.total);

    return {};
}

void add(Ledger::Use &use, Bytes size)
{
    use.bytes += size;
    ++use.buffers;
}

void add(Ledger::Account &account, Bytes size, Owner owner)
{
    add(account.use, size);
    add(account.users[owner.user], size);
    add(account.processes[owner.process], size);
}

void count_allocation(Ledger::Account &account, Owner owner)
{
    ++account.use.allocations;
    ++account.users[owner.user].allocations;
    ++account.processes[owner.process].allocations;
}

template <class Id>
void forget_allocation(std::map<Id, Ledger::Use> &uses, Id id)
{
    if (const auto found = uses.find(id); found != uses.end())
        --found->second.allocations;
}

void forget_allocation(Ledger::Account &account, Owner owner)
{
    --account.use.allocations;
    forget_allocation(account.users, owner.user);
    forget_allocation(account.processes, owner.process);
}

void take(Ledger::Use &use, Bytes size)
{
    use.bytes -= size;
    --use.buffers;
}

template <class Id>
void take(std::map<Id, Ledger::Use> &uses, Id id, Bytes size)
{
    const auto found = uses.find(id);
    take(found->second, size);
    if (found->second.buffers == 0 && uses.size() > kRemembered)
        uses.erase(found);
}

void take(Ledger::Account &account, Bytes size, Owner owner)
{
    take(account.use, size);
    take(account.users, owner.user, size);
    take(account.processes, owner.process, size);
}

bool could_ever(const Limits &limits, Bytes size)
{
    for (const auto &limit : { limits.total, limits.per_user, limits.per_process, limits.buffer })
        if (exceeds(limit, 0, size))
            return false;
    return true;
}

} // namespace

void Ledger::set_limits(const std::string &heap, const Limits &limits)
{
    const std::scoped_lock lock(mutex_);
    accounts_[heap].limits = limits;
}

void Ledger::set_limit(const std::string &heap, Bytes total)
{
    set_limits(heap, { .total = total, .per_user = {}, .per_process = {}, .buffer = {} });
}

void Ledger::set_limits_of_all(const Limits &limits)
{
    const std::scoped_lock lock(mutex_);
    all_.limits = limits;
}

Result<Ledger::Charge> Ledger::charge(const std::string &heap, Bytes size, Owner owner)
{
    const std::scoped_lock lock(mutex_);
    const auto found = accounts_.find(heap);
    if (found == accounts_.end())
        return failure(ENOMEM, "heap without a limit");

    auto allowed = check_limits(found->second, kOfHeap, size, owner);
    if (allowed)
        allowed = check_limits(all_, kOfAll, size, owner);
    if (!allowed)
        return std::unexpected(allowed.error());

    count_allocation(found->second, owner);
    count_allocation(all_, owner);
    const Entry buffer{ .id = 0,
                        .heap = found->first,
                        .size = size,
                        .owner = owner,
                        .time = std::chrono::system_clock::now(),
                        .file = {} };
    return book(*found, buffer, false);
}

Ledger::Charge Ledger::restore(const Entry &buffer)
{
    const std::scoped_lock lock(mutex_);
    return book(*accounts_.try_emplace(std::string(buffer.heap)).first, buffer, true);
}

Ledger::Charge Ledger::book(Accounts::value_type &account, const Entry &buffer, bool restored)
{
    add(account.second, buffer.size, buffer.owner);
    add(all_, buffer.size, buffer.owner);
    const Record record{ .account = &account,
                         .size = buffer.size,
                         .owner = buffer.owner,
                         .time = buffer.time,
                         .file = buffer.file,
                         .restored = restored };
    return { *this, records_.emplace_hint(records_.end(), ++last_id_, record) };
}

bool Ledger::could_ever_charge(const std::string &heap, Bytes size) const
{
    const std::scoped_lock lock(mutex_);
    const auto found = accounts_.find(heap);
    return found != accounts_.end() && could_ever(found->second.limits, size) &&
           could_ever(all_.limits, size);
}

void Ledger::count_refusal(const std::string &heap)
{
    const std::scoped_lock lock(mutex_);
    if (const auto found = accounts_.find(heap); found != accounts_.end())
        ++found->second.refused;
    ++all_.refused;
}

std::uint64_t Ledger::ended() const
{
    const std::scoped_lock lock(mutex_);
    return ended_;
}

std::map<std::string, Ledger::Account, std::less<>> Ledger::accounts() const
{
    const std::scoped_lock lock(mutex_);
    return accounts_;
}

Ledger::Account Ledger::account_of_all() const
{
    const std::scoped_lock lock(mutex_);
    return all_;
}

std::vector<Ledger::Entry> Ledger::entries_after(std::uint64_t id, std::size_t most) const
{
    const std::scoped_lock lock(mutex_);
    std::vector<Entry> entries;
    for (auto at = records_.upper_bound(id); at != records_.end() && entries.size() < most; ++at) {
        const Record &record = at->second;
        entries.push_back({ .id = at->first,
                            .heap = record.account->first,
                            .size = record.size,
                            .owner = record.owner,
                            .time = record.time,
                            .file = record.file });
    }
    return entries;
}

void Ledger::give_back(Records::iterator record)
{
    const std::scoped_lock lock(mutex_);
    const auto &[account, size, owner, time, file, restored] = record->second;
    const bool made = restored || file.inode != 0;
    ended_ += made ? 1 : 0;
    if (!made) {
        forget_allocation(account->second, owner);
        forget_allocation(all_, owner);
    }
    take(account->second, size, owner);
    take(all_, size, owner);
    records_.erase(record);
}

void Ledger::set_file(Records::iterator record, Inode file)
{
    const std::scoped_lock lock(mutex_);
    record->second.file = file;
}

} // namespace dmaheap

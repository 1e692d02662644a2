// SPDX-License-Identifier: MIT
#include "core/heap.h"

namespace dmaheap {

namespace {

constexpr int kMostAttempts = 16; // that others end buffers meanwhile may go on for ever

} // namespace

Heap::Heap(std::string name, std::unique_ptr<Policy> policy, Ledger &ledger, Exporter &exporter,
           Recycling recycling)
    : name_(std::move(name)), policy_(std::move(policy)), ledger_(ledger), exporter_(exporter),
      caches_(recycling.all), own_(std::move(recycling.own))
{
}

Heap::~Heap()
{
    if (own_)
        own_->close();
}

Result<UniqueFd> Heap::allocate(Bytes length, unsigned fd_flags, Owner owner)
{
    return make<UniqueFd>(length, owner, [&](Buffer buffer) {
        return exporter_.export_buffer(std::move(buffer), fd_flags);
    });
}

Result<std::unique_ptr<SharedBuffer>> Heap::allocate_shared(Bytes length, Owner owner)
{
    return make<std::unique_ptr<SharedBuffer>>(
        length, owner, [&](Buffer buffer) { return exporter_.share(std::move(buffer)); });
}

Fault Heap::draw_fault(Bytes length)
{
    return page_aligned(length) ? faults_.draw() : Fault{};
}

template <class Made, class Make>
Result<Made> Heap::make(Bytes length, Owner owner, const Make &make_of)
{
    const auto size = page_aligned(length);
    if (!size)
        return std::unexpected(size.error());

    for (bool again = false;; again = true) {
        auto charged = charge(*size, owner);
        if (!charged)
            return std::unexpected(charged.error());

        auto made = make_charged<Made>(*std::move(charged), make_of);
        if (made || made.error().code != ENOMEM)
            return made;
        if (again || !make_room()) {
            ledger_.count_refusal(name_);
            return made;
        }
    }
}

template <class Made, class Make>
Result<Made> Heap::make_charged(Ledger::Charge charge, const Make &make_of)
{
    auto memory = obtain(charge.size());
    if (!memory)
        return std::unexpected(memory.error());

    return make_of(Buffer(std::move(charge), *std::move(memory)));
}

/// Tries what was refused again, as long as buffers end that nobody had noticed: somebody else may
/// have taken their room, and have let go of as much since.
template <class Try>
auto Heap::persevere(const Try &try_once) -> decltype(try_once())
{
    for (int attempt = 0;; ++attempt) {
        const std::uint64_t ended = ledger_.ended();
        auto made = try_once();
        if (made || made.error().code != ENOMEM || attempt == kMostAttempts)
            return made;

        exporter_.reap();
        if (ledger_.ended() == ended)
            return made;
    }
}

Result<Ledger::Charge> Heap::charge(Bytes size, Owner owner)
{
    const auto try_once = [&] { return ledger_.charge(name_, size, owner); };
    if (auto charged = try_once(); charged)
        return charged;

    auto charged = ledger_.could_ever_charge(name_, size) ? persevere(try_once) : try_once();
    if (!charged)
        ledger_.count_refusal(name_);
    return charged;
}

Result<Memory> Heap::obtain(Bytes size)
{
    if (!own_)
        return obtain_anew(size);

    Result<Memory> memory = [&] {
        auto kept = own_->take(size);
        return kept ? *std::move(kept) : obtain_anew(size);
    }();
    if (memory)
        own_->expect(*memory);
    return memory;
}

Result<Memory> Heap::obtain_anew(Bytes size)
{
    return persevere([&] { return policy_->obtain(size); });
}

/// What is kept for later is given up for what is wanted now.
bool Heap::make_room() const
{
    return caches_ && caches_->make_room();
}

} // namespace dmaheap

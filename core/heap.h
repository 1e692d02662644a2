// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/cache.h"
#include "core/exporter.h"
#include "core/faults.h"
#include "core/owner.h"
#include "core/policy.h"

namespace dmaheap {

/// What becomes of the memory of a heap's buffers that have ended.
struct Recycling {
    Caches *all = nullptr;      ///< given back before an allocation fails; outlives the heap
    std::shared_ptr<Cache> own; ///< of this heap alone; null: nothing is kept
};

/// A name, where its memory comes from, and how much of it may be live at once.
///
/// Thread-safe. Ledger and exporter must outlive the heap.
class Heap {
public:
    Heap(std::string name, std::unique_ptr<Policy> policy, Ledger &ledger, Exporter &exporter,
         Recycling recycling = {});
    Heap(const Heap &) = delete;
    Heap &operator=(const Heap &) = delete;
    ~Heap();

    [[nodiscard]] const std::string &name() const { return name_; }
    /// Where the memory comes from, for people.
    [[nodiscard]] std::string describe() const { return policy_->describe(); }

    /// A descriptor of a new dma-buf of `length` bytes, rounded up to whole pages. EINVAL for a
    /// length that rounds to 0, ENOMEM at a limit, else what the policy or the exporter says.
    /// Nothing stays charged after an error. `owner` is who is charged.
    Result<UniqueFd> allocate(Bytes length, unsigned fd_flags, Owner owner);

    /// The same for a buffer of which dma-bufs are made later, any number of them.
    Result<std::unique_ptr<SharedBuffer>> allocate_shared(Bytes length, Owner owner);

    /// See Policy.
    std::vector<Memory> withdraw(const Place &place) { return policy_->withdraw(place); }

    /// What it keeps of buffers that have ended.
    [[nodiscard]] Cache::Use cached() const { return own_ ? own_->use() : Cache::Use(); }

    /// What is to fail, or to wait, because somebody wants it to. allocate() knows nothing of it:
    /// who allocates for a client draws a fault first.
    [[nodiscard]] Faults &faults() { return faults_; }
    /// None for a length that is refused anyway.
    Fault draw_fault(Bytes length);

private:
    template <class Made, class Make>
    Result<Made> make(Bytes length, Owner owner, const Make &make_of);
    template <class Made, class Make>
    Result<Made> make_charged(Ledger::Charge charge, const Make &make_of);
    template <class Try>
    auto persevere(const Try &try_once) -> decltype(try_once());
    Result<Ledger::Charge> charge(Bytes size, Owner owner);
    Result<Memory> obtain(Bytes size);
    Result<Memory> obtain_anew(Bytes size);
    bool make_room() const;

    std::string name_;
    std::unique_ptr<Policy> policy_;
    Ledger &ledger_;
    Exporter &exporter_;
    Caches *caches_;
    std::shared_ptr<Cache> own_;
    Faults faults_;
};

} // namespace dmaheap

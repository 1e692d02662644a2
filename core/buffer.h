// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "core/ledger.h"
#include "core/memory.h"
#include "core/owner.h"

namespace dmaheap {

/// One live allocation: its memory and its charge, both given back when it is destroyed.
class Buffer {
public:
    Buffer(Ledger::Charge charge, Memory memory, Owner owner)
        : charge_(std::move(charge)), memory_(std::move(memory)), owner_(owner)
    {
    }

    [[nodiscard]] const std::string &heap() const { return charge_.heap(); }
    [[nodiscard]] Bytes size() const { return charge_.size(); }
    [[nodiscard]] Owner owner() const { return owner_; }
    [[nodiscard]] Memory &memory() { return memory_; }
    [[nodiscard]] const Memory &memory() const { return memory_; }

private:
    Ledger::Charge charge_; // returned last, after the memory is gone
    Memory memory_;
    Owner owner_;
};

} // namespace dmaheap

// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "core/ledger.h"
#include "core/memory.h"

namespace dmaheap {

/// One live allocation: its memory and its charge, both given back when it is destroyed.
class Buffer {
public:
    Buffer(Ledger::Charge charge, Memory memory)
        : charge_(std::move(charge)), memory_(std::move(memory))
    {
    }

    [[nodiscard]] std::uint64_t id() const { return charge_.id(); }
    [[nodiscard]] const std::string &heap() const { return charge_.heap(); }
    [[nodiscard]] Bytes size() const { return charge_.size(); }
    [[nodiscard]] Owner owner() const { return charge_.owner(); }
    [[nodiscard]] Memory &memory() { return memory_; }
    [[nodiscard]] const Memory &memory() const { return memory_; }

    /// For the exporter, which knows what the buffer has become.
    void set_file(Inode file) { charge_.set_file(file); }

private:
    Ledger::Charge charge_; // returned last, after the memory is gone
    Memory memory_;
};

} // namespace dmaheap

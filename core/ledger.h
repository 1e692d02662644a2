// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "core/size.h"

namespace dmaheap {

/// Who uses how much: live bytes and buffers by heap, and the limit of each. Thread-safe.
class Ledger {
public:
    struct Use {
        Bytes bytes = 0;
        std::uint64_t buffers = 0;
    };

    struct Account {
        Bytes limit = 0;
        Use use;
    };

    /// One buffer's share of a heap. Its destructor returns it. Must not outlive the ledger.
    class Charge {
    public:
        Charge(Charge &&other) noexcept
            : ledger_(std::exchange(other.ledger_, nullptr)), heap_(std::move(other.heap_)),
              size_(other.size_)
        {
        }
        Charge(const Charge &) = delete;
        Charge &operator=(const Charge &) = delete;
        Charge &operator=(Charge &&) = delete;
        ~Charge()
        {
            if (ledger_)
                ledger_->give_back(heap_, size_);
        }

        [[nodiscard]] const std::string &heap() const { return heap_; }
        [[nodiscard]] Bytes size() const { return size_; }

    private:
        friend class Ledger;
        Charge(Ledger &ledger, std::string heap, Bytes size)
            : ledger_(&ledger), heap_(std::move(heap)), size_(size)
        {
        }

        Ledger *ledger_;
        std::string heap_;
        Bytes size_;
    };

    /// Sets how many bytes of `heap` may be live at once.
    void set_limit(const std::string &heap, Bytes limit);

    /// ENOMEM when the heap's limit would be exceeded or the heap has none set.
    Result<Charge> charge(const std::string &heap, Bytes size);

    /// A snapshot, by heap.
    [[nodiscard]] std::map<std::string, Account> accounts() const;

private:
    void give_back(const std::string &heap, Bytes size);

    mutable std::mutex mutex_;
    std::map<std::string, Account> accounts_;
};

} // namespace dmaheap

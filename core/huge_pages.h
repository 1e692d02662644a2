// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "core/result.h"
#include "core/size.h"

/// The kernel's pool of huge pages, see hugetlbpage in the kernel's admin-guide/mm.
namespace dmaheap::huge_pages {

/// Whether this machine has pages of that size at all.
bool exist(Bytes page);

/// How many of them nobody has, nor has been promised.
Result<std::uint64_t> available(Bytes page);

/// Pages by which the pool was enlarged. They are given back at its end: those that are in use
/// then, as soon as they are not.
class Loan {
public:
    Loan() = default;
    Loan(Loan &&other) noexcept : page_(other.page_), count_(std::exchange(other.count_, 0)) {}
    Loan(const Loan &) = delete;
    Loan &operator=(const Loan &) = delete;
    Loan &operator=(Loan &&) = delete;
    ~Loan();

    /// Enlarges the pool until `wanted` pages are available, which takes root. ENOMEM when the
    /// kernel finds no more; then the pool is as it was.
    static Result<Loan> of(Bytes page, std::uint64_t wanted);

    [[nodiscard]] std::uint64_t count() const { return count_; }

private:
    Bytes page_ = 0;
    std::uint64_t count_ = 0;
};

} // namespace dmaheap::huge_pages

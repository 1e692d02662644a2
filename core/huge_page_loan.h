// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "core/loan_book.h"
#include "core/result.h"
#include "core/size.h"

namespace dmaheap::huge_pages {

/// Pages by which the pool was enlarged. They are given back at its end: those that are in use
/// then, as soon as they are not. If it has no end, because its owner is killed, its note in the
/// book tells the next one.
class Loan {
public:
    Loan(Loan &&other) noexcept
        : page_(other.page_), count_(std::exchange(other.count_, 0)), note_(std::move(other.note_))
    {
    }
    Loan(const Loan &) = delete;
    Loan &operator=(const Loan &) = delete;
    Loan &operator=(Loan &&) = delete;
    ~Loan();

    /// Enlarges the pool until `wanted` pages are available, which takes root. ENOMEM when the
    /// kernel finds no more; then the pool is as it was. Where the book cannot be written to, there
    /// is no note.
    static Result<Loan> of(Bytes page, std::uint64_t wanted, const LoanBook &book);

    [[nodiscard]] std::uint64_t count() const { return count_; }

private:
    explicit Loan(Bytes page) : page_(page) {}

    Bytes page_;
    std::uint64_t count_ = 0;
    std::optional<LoanBook::Note> note_; ///< ends before the pages are given back
};

} // namespace dmaheap::huge_pages

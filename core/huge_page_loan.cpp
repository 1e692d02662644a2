// SPDX-License-Identifier: MIT
#include "core/huge_page_loan.h"

#include <algorithm>

#include "core/huge_pages.h"

namespace dmaheap::huge_pages {

Loan::~Loan()
{
    note_.reset(); // else whoever comes after one that is killed now would give them back again
    if (count_ != 0)
        static_cast<void>(change_pool(page_, -static_cast<std::int64_t>(count_)));
}

Result<Loan> Loan::of(Bytes page, std::uint64_t wanted, const LoanBook &book)
{
    const auto there = available(page);
    if (!there)
        return std::unexpected(there.error());

    Loan loan(page);
    if (*there >= wanted)
        return loan;

    const auto before = in_pool(page);
    if (!before)
        return std::unexpected(before.error());
    const auto leaving = leaving_pool(page);
    if (!leaving)
        return std::unexpected(leaving.error());
    const std::uint64_t more = wanted - *there + *leaving;
    if (auto note = book.add_note({ .page = page, .before = *before, .count = more }))
        loan.note_.emplace(*std::move(note));
    if (auto grown = change_pool(page, static_cast<std::int64_t>(more)); !grown)
        return std::unexpected(grown.error());

    const auto after = in_pool(page).value_or(*before);
    loan.count_ = after - std::min(*before, after);
    if (loan.note_)
        static_cast<void>(loan.note_->confirm(loan.count_));
    if (available(page).value_or(0) < wanted)
        return failure(ENOMEM, "huge pages of this machine");

    return loan;
}

} // namespace dmaheap::huge_pages

// SPDX-License-Identifier: MIT
#pragma once

#include "policies/catalogue.h"

namespace dmaheap::policies {

/// Any pages of the machine, allocated per request: what the kernel's system heap does. Where huge
/// pages are preferred and there are some, a buffer consists of them, and of ordinary ones for the
/// rest that does not fill one.
class System final : public Policy {
public:
    static Result<std::unique_ptr<Policy>> make(const Options &options, const Tools &tools);

    /// `page`: the size of the pages that are preferred.
    explicit System(Bytes page = Extents::kGranule) : page_(page) {}

    Result<Memory> obtain(Bytes size) override;
    [[nodiscard]] std::string describe() const override;

private:
    Bytes page_;
};

} // namespace dmaheap::policies

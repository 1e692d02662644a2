// SPDX-License-Identifier: MIT
#pragma once

#include "policies/catalogue.h"

namespace dmaheap::policies {

/// Any pages of a region, which bounds them: what ION's carveout heap does.
class Carveout final : public Policy {
public:
    /// ENOMEM when the region cannot give the guarantee.
    static Result<std::unique_ptr<Policy>> make(const Options &options, const Tools &tools);

    Carveout(Region &region, Region::Share &share, const Options &options)
        : region_(region), share_(share), alignment_(options.alignment)
    {
    }

    Result<Memory> obtain(Bytes size) override;
    [[nodiscard]] std::string describe() const override;

private:
    Region &region_;
    Region::Share &share_;
    Bytes alignment_;
};

} // namespace dmaheap::policies

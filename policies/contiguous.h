// SPDX-License-Identifier: MIT
#pragma once

#include "policies/catalogue.h"

namespace dmaheap::policies {

/// One extent of a region, or ENOMEM: what a CMA heap does. Physically contiguous if the runs of
/// the region are; if not, contiguity is emulated, and the heap has to say so.
class Contiguous final : public Policy {
public:
    /// ENOMEM when the region cannot give the guarantee.
    static Result<std::unique_ptr<Policy>> make(const Options &options, const Tools &tools);

    Contiguous(Region &region, Region::Share &share, const Options &options)
        : region_(region), share_(share), alignment_(options.alignment),
          emulated_(!region.reservoir().contiguous())
    {
    }

    Result<Memory> obtain(Bytes size) override;
    [[nodiscard]] std::string describe() const override;

private:
    Region &region_;
    Region::Share &share_;
    Bytes alignment_;
    bool emulated_;
};

} // namespace dmaheap::policies

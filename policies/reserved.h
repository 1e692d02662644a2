// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "policies/catalogue.h"
#include "policies/pool.h"

namespace dmaheap::policies {

/// A number of buffers of one size, made, wiped and exported at start: what a camera's own CMA
/// region does. As long as one of them is not in use, an allocation of up to that size succeeds, in
/// a time that does not depend on the size, whatever else the machine does.
class Reserved final : public Policy {
public:
    /// ENOMEM when the region cannot give the buffers, each of them one piece; what the exporter
    /// says if it cannot make them.
    static Result<std::unique_ptr<Policy>> make(const Options &options, const Tools &tools);

    Reserved(std::shared_ptr<Pool> pool, Region::Share &share, const Options &options)
        : pool_(std::move(pool)), region_(*options.region), share_(share), options_(options)
    {
    }

    /// ENOMEM when all buffers are out, and for more than a buffer's size; with overflow, what the
    /// rest of the region has to say. A part of a buffer is exported only now.
    Result<Memory> obtain(Bytes size) override;
    std::vector<Memory> withdraw(const Place &place) override { return pool_->withdraw(place); }
    [[nodiscard]] std::string describe() const override;

private:
    std::shared_ptr<Pool> pool_; ///< also of each buffer that is out, and goes home to it
    Region &region_;
    Region::Share &share_;
    Options options_;
};

} // namespace dmaheap::policies

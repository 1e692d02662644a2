// SPDX-License-Identifier: MIT
#include "policies/carveout.h"

namespace dmaheap::policies {

Result<std::unique_ptr<Policy>> Carveout::make(const Options &options, const Tools & /*tools*/)
{
    auto share = options.region->open_share(options.guarantee);
    if (!share)
        return std::unexpected(share.error());

    return std::make_unique<Carveout>(*options.region, **share, options);
}

Result<Memory> Carveout::obtain(Bytes size)
{
    return region_.take(share_, size, Region::Shape::any, alignment_);
}

std::string Carveout::describe() const
{
    return "carveout of region " + region_.name();
}

} // namespace dmaheap::policies

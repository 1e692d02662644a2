// SPDX-License-Identifier: MIT
#include "policies/contiguous.h"

namespace dmaheap::policies {

Result<std::unique_ptr<Policy>> Contiguous::make(const Options &options, const Tools & /*tools*/)
{
    auto share = options.region->open_share(options.guarantee);
    if (!share)
        return std::unexpected(share.error());

    return std::make_unique<Contiguous>(*options.region, **share, options);
}

Result<Memory> Contiguous::obtain(Bytes size)
{
    return region_.take(share_, size, Region::Shape::one_run, alignment_);
}

std::string Contiguous::describe() const
{
    return (emulated_ ? "contiguous (emulated) in region " : "contiguous in region ") +
           region_.name();
}

} // namespace dmaheap::policies

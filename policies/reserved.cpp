// SPDX-License-Identifier: MIT
#include "policies/reserved.h"

#include "core/wipe.h"

namespace dmaheap::policies {

namespace {

/// A buffer whose pages are there, and zero.
Result<Memory> make_buffer(const Options &options, Region::Share &share, Bytes size)
{
    auto buffer = options.region->take(share, size, Region::Shape::one_run, options.alignment);
    if (buffer && options.region->reservoir().apart())
        if (auto taken = wipe(*buffer); !taken)
            return std::unexpected(taken.error());

    return buffer;
}

} // namespace

Result<std::unique_ptr<Policy>> Reserved::make(const Options &options, const Tools &tools)
{
    const auto size = page_aligned(options.buffer_size);
    if (!size)
        return std::unexpected(size.error());
    auto share = options.region->open_share(0);
    if (!share)
        return std::unexpected(share.error());

    auto pool = std::make_shared<Pool>(*size, tools.exporter, tools.wiper);
    for (unsigned count = 0; count < options.buffers; ++count) {
        auto buffer = make_buffer(options, **share, *size);
        if (!buffer)
            return std::unexpected(buffer.error());
        if (auto added = pool->add(*std::move(buffer)); !added)
            return std::unexpected(added.error());
    }
    return std::make_unique<Reserved>(std::move(pool), **share, options);
}

Result<Memory> Reserved::obtain(Bytes size)
{
    auto buffer = pool_->take(size);
    if (buffer || buffer.error().code != ENOMEM || !options_.overflow)
        return buffer;

    return region_.take(share_, size, Region::Shape::one_run, options_.alignment);
}

std::string Reserved::describe() const
{
    return std::to_string(options_.buffers) + " buffers of " + format_size(options_.buffer_size) +
           " reserved in region " + region_.name();
}

} // namespace dmaheap::policies

// SPDX-License-Identifier: MIT
#include "policies/system.h"

#include <utility>
#include <vector>

#include "core/sys.h"
#include "core/wipe.h"

namespace dmaheap::policies {

namespace {

constexpr const char *kName = "dmaheapd-buffer";

/// Huge pages, all of them taken, and ordinary ones for the rest.
Result<Memory> mixed(Bytes size, Bytes page)
{
    const Bytes huge = size / page * page;
    auto file = sys::huge_memfd(kName, huge, page);
    if (!file)
        return std::unexpected(file.error());

    std::vector<Extent> extents;
    extents.push_back({ .file = *std::move(file), .offset = 0, .size = huge });
    if (size != huge) {
        auto rest = sys::memfd(kName, size - huge);
        if (!rest)
            return std::unexpected(rest.error());

        extents.push_back({ .file = *std::move(rest), .offset = 0, .size = size - huge });
    }
    Memory memory(std::move(extents));
    if (auto taken = wipe(memory); !taken)
        return std::unexpected(taken.error());

    return memory;
}

} // namespace

Result<std::unique_ptr<Policy>> System::make(const Options &options, const Tools &tools)
{
    // Files of huge pages are shown by those only who show any extents.
    const bool shown = tools.exporter.shows_extents();
    return std::make_unique<System>(shown ? options.page : Extents::kGranule);
}

Result<Memory> System::obtain(Bytes size)
{
    if (page_ != Extents::kGranule && size >= page_)
        if (auto memory = mixed(size, page_))
            return memory;

    return Memory::any_pages(size);
}

std::string System::describe() const
{
    return page_ == Extents::kGranule ? "any pages"
                                      : "pages of " + format_size(page_) + " if there are any";
}

} // namespace dmaheap::policies

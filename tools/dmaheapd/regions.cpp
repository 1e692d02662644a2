// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/regions.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <set>
#include <string>
#include <utility>

#include <spdlog/spdlog.h>

#include "core/available_memory.h"
#include "core/huge_pages.h"
#include "core/sys.h"
#include "tools/dmaheapd/config_text.h"
#include "tools/dmaheapd/memory_rules.h"
#include "tools/dmaheapd/region_file.h"

namespace dmaheap::daemon {

namespace {

using config::HugePages;
using config::name_of_table;
using config::refuse_setting;

constexpr Bytes kOrdinaryPage = 4096;
constexpr Bytes kHugePage = Bytes{ 2 } << 20;

/// Of a heap's own region when nothing else tells: as many kernels make their CMA area, and no
/// large part of a small machine.
Bytes default_size()
{
    constexpr Bytes kUsual = Bytes{ 64 } << 20;
    constexpr Bytes kPart = 16;
    const Bytes most = machine_memory() / kPart / kHugePage * kHugePage;
    return std::clamp(most, kHugePage, kUsual);
}

/// What a heap without a region gets.
config::Region own_region(const config::Heap &heap)
{
    config::Region region;
    region.name = heap.name;
    region.size = heap.policy == "reserved"
                      ? config::set_aside_for(heap)
                      : page_aligned(heap.limit.value_or(default_size())).value_or(default_size());
    return region;
}

bool has_own_region(const config::Heap &heap)
{
    return !heap.region && policies::find(heap.policy)->draws_from_region;
}

/// Under which the files of all its regions are kept.
std::set<std::string> names_in_store(const config::Config &config)
{
    std::set<std::string> names;
    for (const auto &region : config.regions)
        names.insert(Store::name_of_region(region.name));
    for (const auto &heap : config.heaps)
        if (has_own_region(heap))
            names.insert(Store::name_of_region(name_of_table(heap)));
    return names;
}

std::string reason(const Error &error)
{
    return std::string(error.step) + ": " + std::strerror(error.code);
}

/// Ordinary pages are given until the machine is out of memory, so it is asked before.
Result<Reservoir> ordinary(Bytes size, const Exporter &exporter)
{
    if (size > available_memory())
        return failure(ENOMEM, "available memory of this machine");
    if (!exporter.shows_extents())
        return Reservoir::files_apart(size);

    return Reservoir::ordinary(size);
}

} // namespace

Regions::~Regions()
{
    wiper_.stop();
}

void Regions::make(const config::Config &config, const Exporter &exporter, Earlier earlier)
{
    earlier_ = std::move(earlier);
    if (const auto pages = loan_book_.settle(); pages != 0)
        spdlog::info("gave back {} huge page(s) of a daemon that was killed", pages);
    forget_all_but(names_in_store(config));
    for (const auto &region : config.regions)
        make_region(config, region, exporter);
    for (const auto &heap : config.heaps)
        if (has_own_region(heap))
            make_own(config, heap, exporter);
    earlier_ = {};
}

void Regions::make_missing(const config::Config &config, const std::vector<config::Heap> &heaps,
                           const Exporter &exporter)
{
    for (const auto &region : config.regions)
        if (!by_key_.contains(region.name))
            make_region(config, region, exporter);
    for (const auto &heap : heaps)
        if (has_own_region(heap) && !by_key_.contains(name_of_table(heap)))
            make_own(config, heap, exporter);
}

std::vector<Memory> Regions::withdraw(const Place &place)
{
    std::vector<Memory> withdrawn;
    for (const auto &region : regions_)
        std::ranges::move(region->withdraw(place), std::back_inserter(withdrawn));
    return withdrawn;
}

void Regions::leave()
{
    std::map<std::string, int> files;
    for (const auto &[key, region] : by_key_) {
        const Reservoir &memory = region->reservoir();
        if (!memory.apart() && !is_named(memory.fd())) // what has a name is there without us
            files.emplace(key, memory.fd());
    }
    for (const auto &[key, file] : files) {
        const Status left = store_.leave(Store::name_of_region(key), file);
        if (!left && left.error().code != ENOTCONN)
            spdlog::warn("region {}: is made anew by a restarted daemon, and its buffers that are "
                         "live then keep the memory that they have ({}): the unit of the service "
                         "needs FileDescriptorStoreMax={}",
                         key, reason(left.error()), files.size() + Store::kOfEstate);
    }
}

void Regions::each(const std::function<void(const Region &)> &look) const
{
    const std::scoped_lock lock(list_mutex_);
    for (const auto &region : regions_)
        look(*region);
}

Regions::Trial::Trial(Regions &regions)
    : regions_(regions), before_(regions.regions_.size()), loans_before_(regions.loans_.size())
{
}

Regions::Trial::~Trial()
{
    if (kept_)
        return;

    const std::scoped_lock lock(regions_.list_mutex_);
    while (regions_.regions_.size() > before_) {
        const Region *const last = regions_.regions_.back().get();
        std::erase_if(regions_.by_key_, [&](const auto &known) { return known.second == last; });
        regions_.regions_.pop_back();
    }
    while (regions_.loans_.size() > loans_before_)
        regions_.loans_.pop_back();
}

policies::Options Regions::options_for(const config::Heap &heap) const
{
    policies::Options options;
    const auto found = by_key_.find(heap.region ? *heap.region : name_of_table(heap));
    options.region = found == by_key_.end() ? nullptr : found->second;
    options.guarantee = heap.guarantee.value_or(0);
    options.alignment = heap.alignment.value_or(kOrdinaryPage);
    options.buffers = heap.buffers.value_or(0);
    options.buffer_size = heap.buffer_size.value_or(0);
    options.overflow = heap.overflow == config::Overflow::region;
    options.page = heap.pages.value_or(kOrdinaryPage);
    return options;
}

void Regions::make_region(const config::Config &config, const config::Region &region,
                          const Exporter &exporter)
{
    if (region.file)
        return add(region.name, region.name, reservoir_of_file(config, region, exporter));

    const Bytes page = config::page_of(region);
    if (page != kOrdinaryPage && !huge_pages::exist(page))
        refuse_setting(config, name_of_table(region), "pages",
                       "this machine has no pages of " + format_size(page));
    if (page != kOrdinaryPage && !exporter.shows_extents())
        refuse_setting(config, name_of_table(region), "pages",
                       "buffer files cannot show huge pages; with ordinary ones the region works, "
                       "and so do huge ones on a kernel with udmabuf");

    if (exporter.shows_extents())
        if (auto earlier = take_over(region.name, *region.size, page))
            return add(region.name, region.name, *std::move(earlier));
    forget(region.name); // the new one may need its memory

    auto reservoir = page == kOrdinaryPage ? ordinary(*region.size, exporter) : huge(region);
    if (!reservoir)
        refuse_setting(config, name_of_table(region), "size",
                       format_size(*region.size) + " cannot be had (" + reason(reservoir.error()) +
                           ")" +
                           (page == kOrdinaryPage || region.huge_pages == HugePages::reserve
                                ? ""
                                : "; hugepages = \"reserve\" asks the kernel for more"));
    add(region.name, region.name, *std::move(reservoir));
}

/// Physically contiguous memory for a heap that wants it, if there is a way; ordinary pages for
/// the others.
void Regions::make_own(const config::Config &config, const config::Heap &heap,
                       const Exporter &exporter)
{
    const std::string key = name_of_table(heap);
    config::Region region = own_region(heap);
    const bool wants_huge =
        heap.policy == "contiguous" && heap.contiguity != config::Contiguity::emulated;
    if (wants_huge && exporter.shows_extents() && huge_pages::exist(kHugePage)) {
        region.pages = kHugePage;
        region.huge_pages = HugePages::reserve;
        region.size = (*region.size + kHugePage - 1) / kHugePage * kHugePage;
        if (auto earlier = take_over(key, *region.size, kHugePage))
            return add(key, heap.name, *std::move(earlier));
        if (!is_earlier(key, *region.size, kOrdinaryPage))
            forget(key);
        if (auto reservoir = huge(region))
            return add(key, heap.name, *std::move(reservoir));
    }
    if (heap.contiguity == config::Contiguity::physical)
        refuse_setting(config, name_of_table(heap), "contiguity",
                       "physically contiguous memory cannot be had: it takes udmabuf and " +
                           format_size(*region.size) + " of huge pages");

    if (exporter.shows_extents())
        if (auto earlier = take_over(key, *region.size, kOrdinaryPage))
            return add(key, heap.name, *std::move(earlier));
    forget(key);
    auto reservoir = ordinary(*region.size, exporter);
    if (!reservoir)
        refuse_setting(config, name_of_table(heap), "policy",
                       "its region of " + format_size(*region.size) + " cannot be had (" +
                           reason(reservoir.error()) + ")");
    add(key, heap.name, *std::move(reservoir));
}

Result<Reservoir> Regions::huge(const config::Region &region)
{
    const Bytes page = config::page_of(region);
    const std::uint64_t wanted = *region.size / page;
    if (region.huge_pages == HugePages::reserve) {
        auto loan = huge_pages::Loan::of(page, wanted, loan_book_);
        if (!loan)
            return std::unexpected(loan.error());

        loans_.push_back(*std::move(loan));
    } else if (huge_pages::available(page).value_or(0) < wanted) {
        return failure(ENOMEM, "free huge pages of this machine");
    }
    return Reservoir::huge(*region.size, page);
}

bool Regions::is_earlier(const std::string &key, Bytes size, Bytes page) const
{
    const auto found = earlier_.files.find(Store::name_of_region(key));
    return found != earlier_.files.end() && Reservoir::could_adopt(found->second.get(), size, page);
}

std::optional<Reservoir> Regions::take_over(const std::string &key, Bytes size, Bytes page)
{
    const auto found = earlier_.files.find(Store::name_of_region(key));
    if (found == earlier_.files.end())
        return std::nullopt;

    std::vector<Range> live;
    const auto file = inode_of(found->second.get());
    for (const Place &place : earlier_.live)
        if (file && place.file == *file)
            std::ranges::copy(place.ranges, std::back_inserter(live));
    auto another = sys::duplicate(found->second.get());
    auto reservoir = another ? Reservoir::adopt(*std::move(another), size, page, std::move(live))
                             : std::unexpected(another.error());
    if (!reservoir)
        return std::nullopt; // it has other settings now

    earlier_.files.erase(found);
    return *std::move(reservoir);
}

void Regions::forget_all_but(const std::set<std::string> &wanted)
{
    const auto count = std::erase_if(earlier_.files, [&](const auto &file) {
        if (wanted.contains(file.first))
            return false;

        spdlog::info("memory that the daemon before this one has set aside is not that of a region "
                     "any more: what is live of it goes back to the kernel");
        store_.clear(file.first);
        return true;
    });
    if (count != 0)
        store_.settle(); // the new ones may need its memory
}

void Regions::forget(const std::string &key)
{
    const std::string name = Store::name_of_region(key);
    if (earlier_.files.erase(name) == 0)
        return;

    spdlog::info("region {}: has other settings than with the daemon before this one, and is made "
                 "anew",
                 key);
    store_.clear(name);
    store_.settle(); // its memory is free now, but for what is live of it
}

void Regions::add(const std::string &key, const std::string &name, Reservoir reservoir)
{
    const char *const kind = reservoir.contiguous() ? "physically contiguous"
                             : reservoir.apart()    ? "ordinary pages, taken when used"
                                                    : "ordinary pages";
    spdlog::info("region {}: {} in {} run(s), {}", name, format_size(reservoir.size()),
                 reservoir.runs().size(), kind);
    forget(key);
    const std::scoped_lock lock(list_mutex_);
    regions_.push_back(std::make_unique<Region>(name, std::move(reservoir), wiper_));
    by_key_.emplace(key, regions_.back().get());
}

std::unique_ptr<Policy> make_policy(const config::Config &config, const config::Heap &heap,
                                    Regions &regions, Exporter &exporter)
{
    const auto options = regions.options_for(heap);
    auto policy = policies::find(heap.policy)
                      ->make(options, { .exporter = exporter, .wiper = regions.wiper() });
    if (!policy)
        refuse_setting(config, name_of_table(heap),
                       heap.buffers     ? "buffers"
                       : heap.guarantee ? "guarantee"
                                        : "policy",
                       reason(policy.error()));

    const bool emulated = heap.policy == "contiguous" && !options.region->reservoir().contiguous();
    const bool expected = heap.contiguity == config::Contiguity::emulated;
    spdlog::log(emulated && !expected ? spdlog::level::warn : spdlog::level::info, "heap {}: {}{}",
                heap.name, (*policy)->describe(),
                emulated ? "; buffers are not physically contiguous" : "");
    return *std::move(policy);
}

} // namespace dmaheap::daemon

// SPDX-License-Identifier: MIT
#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/exporter.h"
#include "core/huge_page_loan.h"
#include "core/region.h"
#include "core/wiper.h"
#include "policies/catalogue.h"
#include "tools/dmaheapd/config.h"

namespace dmaheap::daemon {

/// The regions of the config, and those that heaps have of their own. They outlive the heaps and
/// the exporter.
class Regions {
public:
    Regions() = default;
    Regions(const Regions &) = delete;
    Regions &operator=(const Regions &) = delete;
    ~Regions();

    /// Sets all the memory aside. Throws config::Refused when it cannot be had.
    void make(const config::Config &config, const Exporter &exporter);

    /// What the config says of a heap's memory, with its region.
    [[nodiscard]] policies::Options options_for(const config::Heap &heap) const;

    [[nodiscard]] const std::vector<std::unique_ptr<Region>> &all() const { return regions_; }
    Wiper &wiper() { return wiper_; }

    /// Ends all wiping; what comes back from now on is not used again. To be called when nobody
    /// allocates any more and before the exporter ends.
    void stop() { wiper_.stop(); }

private:
    void make_region(const config::Config &config, const config::Region &region,
                     const Exporter &exporter);
    void make_own(const config::Config &config, const config::Heap &heap, const Exporter &exporter);
    Result<Reservoir> huge(const config::Region &region);
    void add(const std::string &key, const std::string &name, Reservoir reservoir);

    huge_pages::LoanBook loan_book_{ "/run/dmaheapd/huge-pages" };
    Wiper wiper_;
    std::list<huge_pages::Loan> loans_; ///< given back when the regions are gone
    std::vector<std::unique_ptr<Region>> regions_;
    std::map<std::string, Region *> by_key_; ///< the config's by name, heaps' own by table
};

/// The policy of a heap, which draws from these regions. Logs what it is. Throws config::Refused
/// when its region cannot give what it promises.
std::unique_ptr<Policy> make_policy(const config::Config &config, const config::Heap &heap,
                                    Regions &regions, Exporter &exporter);

} // namespace dmaheap::daemon

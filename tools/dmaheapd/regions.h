// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/exporter.h"
#include "core/huge_page_loan.h"
#include "core/region.h"
#include "core/wiper.h"
#include "policies/catalogue.h"
#include "tools/dmaheapd/config.h"
#include "tools/dmaheapd/store.h"

namespace dmaheap::daemon {

/// The regions of the config, and those that heaps have of their own. They outlive the heaps and
/// the exporter.
class Regions {
public:
    explicit Regions(Store &store) : store_(store) {}
    Regions(const Regions &) = delete;
    Regions &operator=(const Regions &) = delete;
    ~Regions();

    /// What the daemon before this one has left.
    struct Earlier {
        std::map<std::string, UniqueFd> files; ///< by Store::name_of_region()
        std::vector<Place> live;               ///< where buffers have their memory still
    };

    /// Sets all the memory aside, that of the earlier daemon's regions if they are the same. Throws
    /// config::Refused when it cannot be had.
    void make(const config::Config &config, const Exporter &exporter, Earlier earlier);

    /// The same for regions that are not there yet: of the config, and of such of these heaps as
    /// need one of their own. Throws as make() does; see Trial.
    void make_missing(const config::Config &config, const std::vector<config::Heap> &heaps,
                      const Exporter &exporter);

    /// Has the service manager keep the memory of each for the daemon that comes next. To be called
    /// when it has what is more important, and before there is a buffer. Logs what it does not
    /// keep.
    void leave();

    /// What the config says of a heap's memory, with its region.
    [[nodiscard]] policies::Options options_for(const config::Heap &heap) const;

    /// See Region.
    std::vector<Memory> withdraw(const Place &place);

    /// Each of them; on any thread.
    void each(const std::function<void(const Region &)> &look) const;

    Wiper &wiper() { return wiper_; }

    /// From now on what comes back is wiped. Not before everything that is live of adopted memory
    /// has been withdrawn, and nothing more can go wrong: what heaps that are never served give
    /// back is not theirs alone.
    void start() { wiper_.start(); }

    /// Ends all wiping; what comes back from now on is not used again. To be called when nobody
    /// allocates any more and before the exporter ends.
    void stop() { wiper_.stop(); }

    /// Takes away again what regions are made while it lives, unless they are kept. Nobody may have
    /// memory of them any more.
    class Trial {
    public:
        explicit Trial(Regions &regions);
        Trial(const Trial &) = delete;
        Trial &operator=(const Trial &) = delete;
        ~Trial();
        void keep() { kept_ = true; }

    private:
        Regions &regions_;
        std::size_t before_;
        std::size_t loans_before_;
        bool kept_ = false;
    };

private:
    void make_region(const config::Config &config, const config::Region &region,
                     const Exporter &exporter);
    void make_own(const config::Config &config, const config::Heap &heap, const Exporter &exporter);
    Result<Reservoir> huge(const config::Region &region);
    std::optional<Reservoir> take_over(const std::string &key, Bytes size, Bytes page);
    [[nodiscard]] bool is_earlier(const std::string &key, Bytes size, Bytes page) const;
    void forget_all_but(const std::set<std::string> &wanted);
    void forget(const std::string &key);
    void add(const std::string &key, const std::string &name, Reservoir reservoir);

    Store &store_;
    huge_pages::LoanBook loan_book_{ "/run/dmaheapd/huge-pages" };
    Earlier earlier_; ///< while they are made
    Wiper wiper_{ Wiper::Held{} };
    std::list<huge_pages::Loan> loans_; ///< given back when the regions are gone
    mutable std::mutex list_mutex_;     ///< for those who look while others are added
    std::vector<std::unique_ptr<Region>> regions_;
    std::map<std::string, Region *> by_key_; ///< the config's by name, heaps' own by table
};

/// The policy of a heap, which draws from these regions. Logs what it is. Throws config::Refused
/// when its region cannot give what it promises.
std::unique_ptr<Policy> make_policy(const config::Config &config, const config::Heap &heap,
                                    Regions &regions, Exporter &exporter);

} // namespace dmaheap::daemon

// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "core/inheritance.h"

namespace dmaheap::daemon {

/// The service manager keeps descriptors for the daemon that comes next: sd_pid_notify_with_fds(3)
/// with FDSTORE=1, sd_listen_fds_with_names(3).
///
/// Not thread-safe.
class Store {
public:
    /// Descriptors that the daemon's own unit lets it keep.
    static constexpr std::size_t kOfUnit = 64;
    static constexpr std::size_t kOfEstate = 2;

    /// What a daemon leaves.
    struct Left {
        std::optional<Estate> estate; ///< nothing when there was none; half of one that was killed
                                      ///< while it left it
        std::map<std::string, UniqueFd> regions; ///< their files, by name_of_region()
    };

    /// Takes what is left for us. To be made before there are threads: it changes the environment.
    Store();

    /// All of it, once.
    Left take();

    /// Gives it to the service manager. ENOTCONN when there is none that we know of, ENOSPC when it
    /// already keeps as many as it may: then it drops what comes last. A manager that does not tell
    /// how many that are (systemd before 254) is given all, and expected to keep kOfUnit.
    Status leave(const Estate &estate);
    Status leave(const std::string &name, int fd);

    /// Under which the file of a region is kept, for a key that may be any text.
    static std::string name_of_region(std::string_view key);

    /// Has it forget what it keeps.
    void clear_estate();
    void clear(const std::string &name);
    /// Returns when it has, or does not seem to listen.
    void settle();

private:
    std::size_t most_;
    std::set<std::string> kept_; ///< by it, as far as we know
    Left left_;
};

} // namespace dmaheap::daemon

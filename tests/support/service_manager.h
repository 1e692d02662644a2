// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/unique_fd.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace dmaheap::test {

/// Starts a daemon again and again, and keeps its descriptors in between, as systemd does:
/// FDSTORE=1 of sd_pid_notify_with_fds(3), and back by sd_listen_fds(3).
class ServiceManager {
public:
    /// `output`: of the service.
    ServiceManager(std::vector<std::string> command, int output);

    /// FileDescriptorStoreMax= of its unit; `told`: the service is told, as since systemd 254.
    void keep_at_most(std::size_t most, bool told)
    {
        most_ = most;
        told_ = told;
    }

    /// Returns when it is ready and has given what there is to be stored, so many descriptors.
    /// False when that takes too long.
    bool start(std::size_t given);
    std::optional<Outcome> end(int signal);
    /// Starts one that ends by itself; its outcome.
    std::optional<Outcome> start_in_vain();

    [[nodiscard]] pid_t pid() const { return process_->pid(); }
    /// What it keeps, by name.
    std::map<std::string, UniqueFd> &store() { return store_; }

private:
    void launch();
    [[nodiscard]] std::vector<std::string> environment() const;
    void receive();

    std::vector<std::string> command_;
    int output_;
    TempDir folder_;
    UniqueFd socket_;
    std::map<std::string, UniqueFd> store_;
    std::size_t most_ = 64;
    bool told_ = false;
    std::size_t given_ = 0; ///< since it was started
    bool ready_ = false;
    std::optional<Process> process_;
};

} // namespace dmaheap::test

// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

/// What every scenario is run over.
namespace dmaheap::test {

struct Combination {
    std::string frontend; ///< as the daemon's options spell them
    std::string exporter;
    std::string clients = "may-trace"; ///< the daemon; or "may-not-trace"

    [[nodiscard]] bool clients_may_trace() const { return clients == "may-trace"; }
};

/// Why this machine cannot have it; nothing when it can.
std::optional<std::string> missing(const Combination &combination);

/// Once, before the first scenario.
void choose(const Combination &combination);
const Combination &chosen();

/// Notes what could not be tried, which is not the same as a success.
void skip(const std::string &what, const std::string &why);
const std::vector<std::string> &skipped();

} // namespace dmaheap::test

// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "tests/integration/scene.h"
#include "tests/support/combination.h"
#include "tests/support/service_manager.h"

namespace dmaheap::test {

constexpr int kPage = 4096;
constexpr int kPattern = 0x5a;
constexpr std::size_t kStored = 2; ///< descriptors, when there are no regions
const std::string kLimited = std::string(kHeap) + "=system,limit=8MiB";

/// A daemon that is started again and again.
struct Service {
    explicit Service(const DaemonOptions &options = { .heaps = { kLimited } });

    [[nodiscard]] std::string root() const { return folder.path() + "/dev"; }
    [[nodiscard]] std::string device(const std::string &name) const
    {
        return (chosen().frontend == "cuse" ? "/dev" : root()) + "/" + name;
    }
    [[nodiscard]] std::string node(const std::string &heap = kHeap) const
    {
        return device("dma_heap/" + heap);
    }

    /// What dmaheapctl says.
    [[nodiscard]] nlohmann::json ask(const char *what) const;

    TempDir folder;
    LogFile log;
    ServiceManager manager;
};

/// How many buffers there are besides; each is zero, and left full of something else.
int use_the_rest(const std::string &node, long size);

} // namespace dmaheap::test

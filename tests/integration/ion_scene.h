// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "tests/support/daemon.h"
#include "tests/support/temp_dir.h"

namespace dmaheap::test {

constexpr const char *kIonSystem = "ion-system";
constexpr const char *kIonCma = "ion-cma";

/// A daemon with an ION node "ion-integration" over two heaps of its own, ids 0 and 4, and what
/// `more` says of that node or of further ones. The names are such as no kernel gives.
struct IonScene {
    explicit IonScene(const std::string &more = "", const std::string &heap_settings = "",
                      const std::string &exporter = "");

    [[nodiscard]] std::string node(const std::string &name = "ion-integration") const;

    TempDir folder;
    Daemon daemon;
};

} // namespace dmaheap::test

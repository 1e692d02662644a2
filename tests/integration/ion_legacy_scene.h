// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "tests/integration/ion_scene.h"
#include "tests/integration/scene.h"

namespace dmaheap::test {

/// Commands of the legacy interface, of a program of 64 bits.
constexpr const char *kAlloc = "0xc0204900";
constexpr const char *kFree = "0xc0044901";
constexpr const char *kMap = "0xc0084902";
constexpr const char *kShare = "0xc0084904";
constexpr const char *kImport = "0xc0084905";
constexpr const char *kSync = "0xc0084907";

/// A struct of such words, as the client wants it.
std::string hex(std::initializer_list<std::uint32_t> words);

/// The word of a struct that came back.
int word(const Answer &answer, std::size_t index);

/// The struct of ALLOC: 5000 bytes of the first heap.
std::string allocation();

/// A daemon with nodes of both interfaces, and a client that has opened the legacy one.
struct LegacyScene {
    explicit LegacyScene(int peer = -1);

    int allocate();
    int share(int handle);
    /// The errno, or 0.
    int free(int handle);
    [[nodiscard]] static std::string pair(long long handle, long long fd);
    long live() { return scene.daemon.live(kIonSystem).buffers; }

    IonScene scene;
    Client client;
    long long ion;
};

} // namespace dmaheap::test

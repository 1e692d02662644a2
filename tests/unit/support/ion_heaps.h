// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/heap.h"
#include "core/ledger.h"
#include "cuse/device.h"
#include "cuse/ion_heaps.h"
#include "tests/unit/support/fakes.h"

/// What the tests of both of ION's devices begin with.
namespace dmaheap::test {

constexpr Bytes kLimit = Bytes{ 1 } << 20;
constexpr std::uint32_t kSystem = 1U << 0;
constexpr std::uint32_t kCma = 1U << 4;

template <class Struct>
std::span<const std::byte> bytes_of(const Struct &value)
{
    return std::as_bytes(std::span(&value, 1));
}

/// Two heaps, ids 0 and 4, who may use them, and what was refused.
template <class ExporterType>
struct TwoIonHeaps {
    TwoIonHeaps()
    {
        ledger.set_limit("system", kLimit);
        ledger.set_limit("linux,cma", kLimit);
    }

    cuse::IonHeaps ion_heaps()
    {
        return { { { .id = 0, .type = 0, .name = "ion_system_heap", .heap = &system },
                   { .id = 4, .type = 4, .name = "linux,cma", .heap = &cma } },
                 [this](const cuse::Credentials &, const std::string &heap) {
                     return allowed.contains(heap);
                 } };
    }

    cuse::OnRefusal on_refusal()
    {
        return [this](std::string_view, const delivery::Caller &, const Error &,
                      std::string_view asked) { refused.emplace_back(asked); };
    }

    Ledger ledger;
    ExporterType exporter;
    FakeDelivery delivery;
    Heap system{ "system", std::make_unique<FakePolicy>(), ledger, exporter };
    Heap cma{ "linux,cma", std::make_unique<FakePolicy>(), ledger, exporter };
    std::set<std::string> allowed{ "system", "linux,cma" };
    std::vector<std::string> refused; ///< what each refusal said of what was asked for
};

} // namespace dmaheap::test

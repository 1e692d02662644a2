// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "core/exporter.h"
#include "core/policy.h"
#include "core/sys.h"
#include "cuse/delivery/delivery.h"

namespace dmaheap::test {

/// Memory of a memfd, or the error it is told to give.
class FakePolicy final : public Policy {
public:
    explicit FakePolicy(Status outcome = {}) : outcome_(outcome) {}

    Result<Memory> obtain(Bytes size) override
    {
        asked.push_back(size);
        if (!outcome_)
            return std::unexpected(outcome_.error());

        return Memory(Extent{ .file = *sys::memfd("fake", size), .offset = 0, .size = size });
    }

    std::vector<Bytes> asked;

private:
    Status outcome_;
};

/// Hands out the memory itself. Keeps the buffers until reap() is called, unless it `keeps` them.
class FakeExporter : public Exporter {
public:
    Result<UniqueFd> export_buffer(Buffer buffer, unsigned fd_flags) override
    {
        flags = fd_flags;
        if (!outcome)
            return std::unexpected(outcome.error());

        live.push_back(std::move(buffer));
        live.back().set_file({ .device = 1, .inode = ++made });
        return sys::duplicate(live.back().memory().extents().front().file.get());
    }

    bool reap() override
    {
        ++reaped;
        if (!keeps)
            live.clear();
        if (reaped == 1)
            after_first_reap();
        return keeps;
    }

    Status outcome;
    unsigned flags = ~0U;
    int reaped = 0;
    ino_t made = 0;
    std::function<void()> after_first_reap = [] {};
    bool keeps = false; ///< what is live is live, whoever looks
    std::vector<Buffer> live;
};

/// Notes what it is asked to deliver, and tells the client that all went well.
class FakeDelivery final : public delivery::Delivery {
public:
    struct Delivered {
        delivery::Caller caller;
        delivery::Answer answer;
        UniqueFd buffer;
    };

    void complete(delivery::PendingReply reply, delivery::Caller caller, delivery::Answer answer,
                  UniqueFd buffer) override
    {
        std::move(reply).succeed(answer.out);
        delivered.push_back({ caller, std::move(answer), std::move(buffer) });
    }
    std::optional<std::chrono::milliseconds> resume() override { return std::nullopt; }
    void leave() override { ++left; }

    std::vector<Delivered> delivered;
    int left = 0;
};

} // namespace dmaheap::test

// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>

#include "core/buffer.h"
#include "core/file_identity.h"
#include "core/shared_buffer.h"

namespace dmaheap {

/// The dma-bufs that were made, one by one, over shared buffers. Thread-safe.
class UdmabufShares {
public:
    /// What it has done to each dma-buf.
    struct Steps {
        std::function<Result<UniqueFd>(const Memory &memory)> create;
        /// Notes it for whoever comes after us, under a number that is given; `of` is that of
        /// another dma-buf over the same buffer, noted before, or 0.
        std::function<Result<std::uint64_t>(int dma_buf, const Buffer &buffer, std::uint64_t of)>
            watch;
        std::function<void(std::uint64_t number)> forget;
    };

    /// Live dma-bufs over the buffers of one user: each takes a descriptor of the daemon.
    static constexpr unsigned kMostOfUser = 4096;

    /// `on_live` is called when there is a dma-buf after there was none.
    UdmabufShares(Steps steps, std::function<void()> on_live);

    /// The buffer's memory must be placed.
    std::unique_ptr<SharedBuffer> share(Buffer buffer);

    /// Another hold on the buffer that this dma-buf shows; null when it shows none.
    std::unique_ptr<SharedBuffer> find(const FileIdentity &dma_buf);

    /// Ends those of which `ended` says so; returns whether there are others.
    bool end(const std::function<bool(int dma_buf)> &ended);

private:
    class Hold;

    struct Shared {
        Buffer buffer;
        std::uint64_t first = 0; ///< the number of its first dma-buf
    };

    struct Live {
        std::shared_ptr<Shared> shared;
        UniqueFd dma_buf; ///< ends first
        std::uint64_t number;
    };

    Result<UniqueFd> export_again(const std::shared_ptr<Shared> &shared);
    Status count(uid_t user);
    void forget(uid_t user);

    Steps steps_;
    std::function<void()> on_live_;
    std::mutex mutex_;
    std::map<FileIdentity, Live> live_;
    std::map<uid_t, unsigned> by_user_;
};

} // namespace dmaheap

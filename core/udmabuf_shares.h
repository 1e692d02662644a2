// SPDX-License-Identifier: MIT
#pragma once

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
    using Create = std::function<Result<UniqueFd>(const Memory &)>;

    /// Live dma-bufs over the buffers of one user: each takes a descriptor of the daemon.
    static constexpr unsigned kMostOfUser = 4096;

    /// `create` makes a dma-buf; `on_live` is called when there is one after there was none.
    UdmabufShares(Create create, std::function<void()> on_live);

    /// The buffer's memory must be placed.
    std::unique_ptr<SharedBuffer> share(Buffer buffer);

    /// Another hold on the buffer that this dma-buf shows; null when it shows none.
    std::unique_ptr<SharedBuffer> find(const FileIdentity &dma_buf);

    /// Ends those of which `ended` says so; returns whether there are others.
    bool end(const std::function<bool(int dma_buf)> &ended);

private:
    class Hold;

    struct Live {
        std::shared_ptr<Buffer> buffer;
        UniqueFd dma_buf; ///< ends first
    };

    Result<UniqueFd> export_again(const std::shared_ptr<Buffer> &buffer);
    Status count(uid_t user);
    void forget(uid_t user);

    Create create_;
    std::function<void()> on_live_;
    std::mutex mutex_;
    std::map<FileIdentity, Live> live_;
    std::map<uid_t, unsigned> by_user_;
};

} // namespace dmaheap

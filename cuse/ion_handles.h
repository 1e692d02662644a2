// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include <sys/types.h>

#include "core/result.h"
#include "core/shared_buffer.h"

namespace dmaheap::cuse {

/// How many handles of legacy ION each user has, on all nodes. Thread-safe.
class IonQuota {
public:
    static constexpr unsigned kMost = 4096;

    /// One handle. Its end gives it back. Must not outlive the quota.
    class Share {
    public:
        Share(IonQuota &quota, uid_t user) : quota_(&quota), user_(user) {}
        Share(Share &&other) noexcept
            : quota_(std::exchange(other.quota_, nullptr)), user_(other.user_)
        {
        }
        Share(const Share &) = delete;
        Share &operator=(const Share &) = delete;
        Share &operator=(Share &&) = delete;
        ~Share()
        {
            if (quota_)
                quota_->give_back(user_);
        }

    private:
        IonQuota *quota_;
        uid_t user_;
    };

    /// ENOMEM when the user has too many.
    Result<Share> take(uid_t user);

private:
    void give_back(uid_t user);

    std::mutex mutex_;
    std::map<uid_t, unsigned> used_;
};

/// The handles of one open file of a legacy ION node: numbers from 1 on, the smallest free one
/// first, each of which keeps a buffer. Thread-safe.
class IonHandles {
public:
    static constexpr std::size_t kMost = 1024;

    /// The quota must outlive it.
    explicit IonHandles(IonQuota &quota) : quota_(quota) {}

    /// A new handle for `user`. ENOMEM when there are too many.
    Result<int> add(std::shared_ptr<SharedBuffer> buffer, uid_t user);

    /// The handle that the buffer has here already, with one more reference; or a new one.
    Result<int> import(std::shared_ptr<SharedBuffer> buffer, uid_t user);

    /// Drops one reference. EINVAL for what is no handle.
    Status free(int handle);

    /// EINVAL for what is no handle.
    [[nodiscard]] Result<std::shared_ptr<SharedBuffer>> find(int handle) const;

private:
    struct Handle {
        std::shared_ptr<SharedBuffer> buffer;
        std::uint64_t references;
        IonQuota::Share share;
    };

    Result<int> add_locked(std::shared_ptr<SharedBuffer> buffer, uid_t user);

    IonQuota &quota_;
    mutable std::mutex mutex_;
    std::map<int, Handle> handles_;
};

} // namespace dmaheap::cuse

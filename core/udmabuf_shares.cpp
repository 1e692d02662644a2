// SPDX-License-Identifier: MIT
#include "core/udmabuf_shares.h"

#include <utility>

#include "core/sys.h"

namespace dmaheap {

class UdmabufShares::Hold final : public SharedBuffer {
public:
    Hold(UdmabufShares &shares, std::shared_ptr<Shared> shared)
        : shares_(shares), shared_(std::move(shared))
    {
    }

    [[nodiscard]] std::uint64_t id() const override { return shared_->buffer.id(); }
    Result<UniqueFd> export_again() override { return shares_.export_again(shared_); }

private:
    UdmabufShares &shares_;
    std::shared_ptr<Shared> shared_;
};

UdmabufShares::UdmabufShares(Steps steps, std::function<void()> on_live)
    : steps_(std::move(steps)), on_live_(std::move(on_live))
{
}

std::unique_ptr<SharedBuffer> UdmabufShares::share(Buffer buffer)
{
    return std::make_unique<Hold>(*this, std::make_shared<Shared>(std::move(buffer)));
}

std::unique_ptr<SharedBuffer> UdmabufShares::find(const FileIdentity &dma_buf)
{
    const std::scoped_lock lock(mutex_);
    const auto found = live_.find(dma_buf);
    return found == live_.end() ? nullptr : std::make_unique<Hold>(*this, found->second.shared);
}

bool UdmabufShares::end(const std::function<bool(int)> &ended)
{
    const std::scoped_lock lock(mutex_);
    std::erase_if(live_, [&](const auto &entry) {
        const Live &live = entry.second;
        const bool gone = ended(live.dma_buf.get());
        if (gone) {
            forget(live.shared->buffer.owner().user);
            steps_.forget(live.number);
        }
        return gone;
    });
    return !live_.empty();
}

Result<UniqueFd> UdmabufShares::export_again(const std::shared_ptr<Shared> &shared)
{
    Buffer &buffer = shared->buffer;
    auto dma_buf = steps_.create(buffer.memory());
    if (!dma_buf)
        return dma_buf;

    auto delivered = sys::duplicate(dma_buf->get());
    const auto identity = identity_of(dma_buf->get());
    if (!delivered || !identity)
        return delivered ? std::unexpected(identity.error()) : std::move(delivered);

    const std::scoped_lock lock(mutex_);
    if (auto counted = count(buffer.owner().user); !counted)
        return std::unexpected(counted.error());
    const auto number = steps_.watch(dma_buf->get(), buffer, shared->first);
    if (!number) {
        forget(buffer.owner().user);
        return std::unexpected(number.error());
    }
    if (shared->first == 0)
        shared->first = *number;
    buffer.set_file(inode_of(dma_buf->get()).value_or(Inode{}));
    live_.emplace(*identity,
                  Live{ .shared = shared, .dma_buf = *std::move(dma_buf), .number = *number });
    if (live_.size() == 1)
        on_live_();
    return delivered;
}

Status UdmabufShares::count(uid_t user)
{
    unsigned &used = by_user_[user];
    if (used >= kMostOfUser)
        return failure(ENOMEM, "number of dma-bufs over shared buffers of this user");

    ++used;
    return {};
}

void UdmabufShares::forget(uid_t user)
{
    if (--by_user_[user] == 0)
        by_user_.erase(user);
}

} // namespace dmaheap

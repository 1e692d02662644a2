// SPDX-License-Identifier: MIT
#include "core/udmabuf_shares.h"

#include <utility>

#include "core/sys.h"

namespace dmaheap {

class UdmabufShares::Hold final : public SharedBuffer {
public:
    Hold(UdmabufShares &shares, std::shared_ptr<Buffer> buffer)
        : shares_(shares), buffer_(std::move(buffer))
    {
    }

    [[nodiscard]] std::uint64_t id() const override { return buffer_->id(); }
    Result<UniqueFd> export_again() override { return shares_.export_again(buffer_); }

private:
    UdmabufShares &shares_;
    std::shared_ptr<Buffer> buffer_;
};

UdmabufShares::UdmabufShares(Create create, std::function<void()> on_live)
    : create_(std::move(create)), on_live_(std::move(on_live))
{
}

std::unique_ptr<SharedBuffer> UdmabufShares::share(Buffer buffer)
{
    return std::make_unique<Hold>(*this, std::make_shared<Buffer>(std::move(buffer)));
}

std::unique_ptr<SharedBuffer> UdmabufShares::find(const FileIdentity &dma_buf)
{
    const std::scoped_lock lock(mutex_);
    const auto found = live_.find(dma_buf);
    return found == live_.end() ? nullptr : std::make_unique<Hold>(*this, found->second.buffer);
}

bool UdmabufShares::end(const std::function<bool(int)> &ended)
{
    const std::scoped_lock lock(mutex_);
    std::erase_if(live_, [&](const auto &entry) {
        const Live &live = entry.second;
        const bool gone = ended(live.dma_buf.get());
        if (gone)
            forget(live.buffer->owner().user);
        return gone;
    });
    return !live_.empty();
}

Result<UniqueFd> UdmabufShares::export_again(const std::shared_ptr<Buffer> &buffer)
{
    auto dma_buf = create_(buffer->memory());
    if (!dma_buf)
        return dma_buf;

    auto delivered = sys::duplicate(dma_buf->get());
    const auto identity = identity_of(dma_buf->get());
    if (!delivered || !identity)
        return delivered ? std::unexpected(identity.error()) : std::move(delivered);

    const std::scoped_lock lock(mutex_);
    if (auto counted = count(buffer->owner().user); !counted)
        return std::unexpected(counted.error());

    buffer->set_file(inode_of(dma_buf->get()).value_or(Inode{}));
    live_.emplace(*identity, Live{ .buffer = buffer, .dma_buf = *std::move(dma_buf) });
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

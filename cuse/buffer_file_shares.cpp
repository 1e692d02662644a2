// SPDX-License-Identifier: MIT
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "core/sys.h"
#include "cuse/buffer_file.h"
#include "cuse/buffer_name.h"

/// Buffers that are exported any number of times.
namespace dmaheap::cuse {

/// A hold on a file: as long as there is one, it can be opened again. One file has one inode and
/// one page cache, so that all who map it see the same, whatever it is backed by.
class BufferFileExporter::Hold final : public SharedBuffer {
public:
    /// Takes over a hold that has been counted.
    Hold(BufferFileExporter &exporter, std::uint64_t id) : exporter_(exporter), id_(id) {}
    Hold(const Hold &) = delete;
    Hold &operator=(const Hold &) = delete;
    ~Hold() override { exporter_.let_go(id_); }

    [[nodiscard]] std::uint64_t id() const override { return id_; }
    Result<UniqueFd> export_again() override { return exporter_.open_again(id_); }

private:
    BufferFileExporter &exporter_;
    std::uint64_t id_;
};

Result<std::unique_ptr<SharedBuffer>> BufferFileExporter::share(Buffer buffer)
{
    if (auto placed = buffer.memory().place(); !placed)
        return std::unexpected(placed.error());

    const std::scoped_lock lock(mutex_);
    const std::uint64_t id = ++last_id_;
    buffer.set_file({ .device = device_, .inode = id });
    File file{};
    file.buffer.emplace(std::move(buffer));
    file.window = is_window(file.buffer->memory());
    file.opened = true;
    file.shared = true;
    file.holds = 1;
    files_.emplace(id, std::move(file));
    return std::make_unique<Hold>(*this, id);
}

Result<std::unique_ptr<SharedBuffer>> BufferFileExporter::find_shared(const FileIdentity &file)
{
    const std::scoped_lock lock(mutex_);
    const auto found = file.mount == mount_ ? files_.find(file.inode) : files_.end();
    if (found == files_.end() || !found->second.shared)
        return failure(EINVAL, "file that is no shared buffer");

    ++found->second.holds;
    return std::make_unique<Hold>(*this, file.inode);
}

Result<UniqueFd> BufferFileExporter::open_again(std::uint64_t id)
{
    return reopener_.let_in([&] { return sys::open_at(root_.get(), name_of(id).c_str(), O_RDWR); });
}

void BufferFileExporter::let_go(std::uint64_t id)
{
    const std::scoped_lock lock(mutex_);
    File &file = files_.at(id);
    --file.holds;
    note_if_unused(id, file);
}

} // namespace dmaheap::cuse

// SPDX-License-Identifier: MIT
#include "tools/dmaheapctl/output.h"

#include <fcntl.h>
#include <unistd.h>

#include "core/sys.h"

namespace dmaheap::ctl {

Status write_all(int fd, std::string_view text)
{
    while (!text.empty()) {
        const auto put = check("write", ::write(fd, text.data(), text.size()));
        if (!put && put.error().code == EINTR)
            continue;
        if (!put)
            return std::unexpected(put.error());
        text.remove_prefix(static_cast<std::size_t>(*put));
    }
    return {};
}

Status write_file(const std::string &path, std::string_view text)
{
    constexpr mode_t kMode = 0644;
    auto file = sys::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, kMode);
    if (!file)
        return std::unexpected(file.error());
    if (auto written = write_all(file->get(), text); !written)
        return written;

    return check_done("close", ::close(file->release()));
}

} // namespace dmaheap::ctl

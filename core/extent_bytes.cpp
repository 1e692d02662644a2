// SPDX-License-Identifier: MIT
#include "core/extent_bytes.h"

#include <algorithm>
#include <cstring>

#include <unistd.h>

#include <sys/stat.h>

#include "core/mapping.h"

namespace dmaheap {

namespace {

/// A page at a time, which may be a huge one.
Status write_mapped(const Extent &into, std::span<const char> bytes)
{
    struct stat status{};
    if (auto asked = check_done("fstat", ::fstat(into.file.get(), &status)); !asked)
        return asked;
    if (into.offset + bytes.size() > static_cast<Bytes>(status.st_size))
        return failure(EFBIG, "write beyond the end of a file");

    const auto page = static_cast<Bytes>(status.st_blksize);
    for (std::size_t done = 0; done < bytes.size();) {
        const Bytes within = (into.offset + done) % page;
        auto mapping = Mapping::shared(into.file.get(), into.offset + done - within, page);
        if (!mapping)
            return std::unexpected(mapping.error());

        const auto length = std::min<Bytes>(page - within, bytes.size() - done);
        std::memcpy(mapping->data() + within, bytes.data() + done, length);
        done += length;
    }
    return {};
}

} // namespace

Status read_bytes(const Extent &from, std::span<char> into)
{
    for (std::size_t done = 0; done < into.size();) {
        const auto got =
            check("read", ::pread(from.file.get(), into.data() + done, into.size() - done,
                                  static_cast<off_t>(from.offset + done)));
        if (!got)
            return std::unexpected(got.error());
        if (*got == 0)
            return {};
        done += static_cast<std::size_t>(*got);
    }
    return {};
}

Status write_bytes(const Extent &into, std::span<const char> bytes)
{
    for (std::size_t done = 0; done < bytes.size();) {
        const auto put =
            check("write", ::pwrite(into.file.get(), bytes.data() + done, bytes.size() - done,
                                    static_cast<off_t>(into.offset + done)));
        if (!put && put.error().code == EINVAL && done == 0)
            return write_mapped(into, bytes);
        if (!put)
            return std::unexpected(put.error());
        done += static_cast<std::size_t>(*put);
    }
    return {};
}

} // namespace dmaheap

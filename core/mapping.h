// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <utility>

#include <sys/mman.h>

#include "core/result.h"
#include "core/size.h"

namespace dmaheap {

/// Owns a mapping of a file.
class Mapping {
public:
    /// Readable, writable and shared. `offset` and `size` are whole pages of the file.
    static Result<Mapping> shared(int file, Bytes offset, Bytes size)
    {
        void *const start = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file,
                                   static_cast<off_t>(offset));
        if (start == MAP_FAILED)
            return failure(errno, "mmap");

        return Mapping(static_cast<std::byte *>(start), size);
    }

    Mapping(Mapping &&other) noexcept
        : data_(std::exchange(other.data_, nullptr)), size_(other.size_)
    {
    }
    Mapping(const Mapping &) = delete;
    Mapping &operator=(const Mapping &) = delete;
    Mapping &operator=(Mapping &&) = delete;
    ~Mapping()
    {
        if (data_)
            ::munmap(data_, size_);
    }

    [[nodiscard]] std::byte *data() const { return data_; }
    [[nodiscard]] Bytes size() const { return size_; }

private:
    Mapping(std::byte *data, Bytes size) : data_(data), size_(size) {}

    std::byte *data_;
    Bytes size_;
};

} // namespace dmaheap

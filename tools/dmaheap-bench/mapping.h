// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <utility>

#include <sys/mman.h>

#include "tools/dmaheap-bench/descriptor.h"
#include "tools/dmaheap-bench/result.h"

namespace dmaheap::bench {

/// Owns a shared, writable mapping of a whole file or buffer.
class Mapping {
public:
    static Result<Mapping> of(const Descriptor &file, std::size_t size)
    {
        void *at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
        if (at == MAP_FAILED)
            return std::unexpected(Error{ errno, "mmap" });

        return Mapping(at, size);
    }

    Mapping(Mapping &&other) noexcept : at_(std::exchange(other.at_, nullptr)), size_(other.size_)
    {
    }
    Mapping &operator=(Mapping &&) = delete;
    ~Mapping()
    {
        if (at_)
            ::munmap(at_, size_);
    }

    void *data() const { return at_; }
    std::size_t size() const { return size_; }

private:
    Mapping(void *at, std::size_t size) : at_(at), size_(size) {}

    void *at_;
    std::size_t size_;
};

} // namespace dmaheap::bench

// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include <unistd.h>

namespace dmaheap::bench {

/// Owns one file descriptor; closing is best effort.
class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(Descriptor &&other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor &operator=(Descriptor &&other) noexcept
    {
        Descriptor taken(std::move(other));
        std::swap(number_, taken.number_);
        return *this;
    }
    ~Descriptor()
    {
        if (number_ >= 0)
            ::close(number_);
    }

    int get() const { return number_; }

private:
    int number_;
};

} // namespace dmaheap::bench

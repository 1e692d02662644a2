// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "core/exporter.h"
#include "core/place.h"
#include "core/wiper.h"

namespace dmaheap::policies {

/// Buffers of one size that wait for users: wiped and exported. One that comes back is wiped and
/// exported anew in the background. Thread-safe; exporter and wiper outlive it, or the wiper has
/// been stopped.
class Pool : public std::enable_shared_from_this<Pool> {
public:
    Pool(Bytes buffer_size, Exporter &exporter, Wiper &wiper)
        : buffer_size_(buffer_size), exporter_(exporter), wiper_(wiper)
    {
    }

    [[nodiscard]] Bytes buffer_size() const { return buffer_size_; }

    /// Adds a buffer that is zero. What the exporter says if it cannot make it.
    Status add(Memory buffer);

    /// A buffer of `size` bytes, or that much of one; it comes back at its end. Waits for one that
    /// is being wiped. ENOMEM when all are out, or none is so large.
    Result<Memory> take(Bytes size);

    /// Those which wait and of which a part is there; each comes back at its end.
    std::vector<Memory> withdraw(const Place &place);

private:
    Result<Memory> next();
    Result<Memory> part_of(Memory whole, Bytes size);
    void expect(Memory &buffer);
    void take_back(Memory buffer);
    void make_ready(Memory buffer, Status wiped);

    Bytes buffer_size_;
    Exporter &exporter_;
    Wiper &wiper_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Memory> ready_;
    unsigned being_wiped_ = 0;
};

} // namespace dmaheap::policies

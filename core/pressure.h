// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "core/result.h"
#include "core/unique_fd.h"

namespace dmaheap {

/// Tells when programs of this machine wait for memory: pressure stall information (Linux 4.20).
class Pressure {
public:
    /// Programs have waited for 300 ms of the last two seconds, which is the shortest time that
    /// anybody may ask about. The kernel wakes nobody while there is no pressure. ENOENT or
    /// EOPNOTSUPP where it does not tell, EPERM for somebody who may not ask (before Linux 6.5).
    static Result<Pressure> watch(const char *path = "/proc/pressure/memory");

    /// Polled for POLLPRI: there is pressure. At most once in two seconds.
    [[nodiscard]] int fd() const { return trigger_.get(); }

private:
    explicit Pressure(UniqueFd trigger) : trigger_(std::move(trigger)) {}

    UniqueFd trigger_;
};

} // namespace dmaheap

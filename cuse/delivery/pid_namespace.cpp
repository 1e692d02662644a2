// SPDX-License-Identifier: MIT
#include "cuse/delivery/pid_namespace.h"

#include <string>

#include <sys/stat.h>

namespace dmaheap::delivery {

namespace {

constexpr unsigned kThreadBits = 22; // PID_MAX_LIMIT of the kernel is 4 Mi

/// The inode of a process's pid namespace; 0 when it cannot be seen.
ino_t pid_namespace_of(const std::string &process)
{
    struct stat found{};
    return ::stat(("/proc/" + process + "/ns/pid").c_str(), &found) == 0 ? found.st_ino : 0;
}

} // namespace

bool PidNamespace::has(pid_t thread, std::uint64_t born)
{
    const auto identity = born << kThreadBits | static_cast<std::uint64_t>(thread);
    if (born != 0 && seen_.load(std::memory_order_relaxed) == identity)
        return true;

    static const ino_t ours = pid_namespace_of("self");
    if (ours == 0 || pid_namespace_of(std::to_string(thread)) != ours)
        return false;

    seen_.store(identity, std::memory_order_relaxed);
    return true;
}

} // namespace dmaheap::delivery

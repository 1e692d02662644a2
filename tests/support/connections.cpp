// SPDX-License-Identifier: MIT
#include "tests/support/connections.h"

#include <filesystem>
#include <fstream>
#include <system_error>

#include <fcntl.h>

#include <sys/mount.h>
#include <sys/stat.h>

#include "tests/support/temp_dir.h"

namespace dmaheap::test {
namespace {

void write_one(const std::string &path)
{
    std::ofstream(path) << 1 << std::flush;
}

// Without asking the file system, which would be the daemon.
unsigned minor_of(const std::string &path)
{
    struct statx status{};
    const int found = ::statx(AT_FDCWD, path.c_str(), AT_STATX_DONT_SYNC, STATX_TYPE, &status);
    return found == 0 && status.stx_dev_major == 0 ? status.stx_dev_minor : 0;
}

} // namespace

Connections::Connections(pid_t daemon, const std::vector<std::string> &nodes) : nodes_(nodes)
{
    std::error_code ignored;
    const std::string folder = "/proc/" + std::to_string(daemon) + "/fd";

    for (const auto &entry : std::filesystem::directory_iterator(folder, ignored))
        if (const unsigned minor = minor_of(entry.path()); minor != 0)
            mounts_.push_back(minor);
}

void Connections::abort() const
{
    const TempDir control;

    if (::mount("none", control.path().c_str(), "fusectl", 0, nullptr) == 0)
        for (const unsigned minor : mounts_)
            write_one(control.path() + "/" + std::to_string(minor) + "/abort");
    for (const std::string &node : nodes_)
        write_one("/sys/class/cuse/dma_heap!" + node + "/abort");
}

} // namespace dmaheap::test

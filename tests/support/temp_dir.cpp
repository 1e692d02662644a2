// SPDX-License-Identifier: MIT
#include "tests/support/temp_dir.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <vector>

#include <stdlib.h>

#include <sys/mount.h>
#include <sys/stat.h>

namespace dmaheap::test {
namespace {

// The fifth word of a line of mountinfo is where the mount is.
std::vector<std::string> mount_points(const std::string &path)
{
    std::ifstream file("/proc/self/mountinfo");
    std::vector<std::string> found;

    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string where;
        for (int word = 0; word < 5; ++word)
            words >> where;
        if (where == path || where.starts_with(path + "/"))
            found.push_back(where);
    }
    return found;
}

} // namespace

TempDir::TempDir()
    : path_((std::filesystem::temp_directory_path() / "dmaheapd-test-XXXXXX").string())
{
    if (::mkdtemp(path_.data()) == nullptr || ::chmod(path_.c_str(), 0755) != 0)
        throw std::system_error(errno, std::generic_category(), path_);
}

TempDir::~TempDir()
{
    std::vector<std::string> points = mount_points(path_);
    std::ranges::reverse(points);
    for (const std::string &point : points)
        ::umount2(point.c_str(), MNT_DETACH);

    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

int mounts_under(const std::string &path)
{
    return static_cast<int>(mount_points(path).size());
}

} // namespace dmaheap::test

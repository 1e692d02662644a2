// SPDX-License-Identifier: MIT
#include "tests/support/combination.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include <sys/utsname.h>

#include "core/unique_fd.h"

namespace dmaheap::test {
namespace {

Combination &choice()
{
    static Combination combination;
    return combination;
}

std::vector<std::string> &notes()
{
    static std::vector<std::string> lines;
    return lines;
}

std::optional<std::string> unopenable(const char *path)
{
    if (UniqueFd(::open(path, O_RDWR | O_CLOEXEC)).valid())
        return std::nullopt;
    return std::string(path) + ": " + std::strerror(errno);
}

bool kernel_is_at_least(int wanted_major, int wanted_minor)
{
    utsname name{};
    int major = 0;
    int minor = 0;

    ::uname(&name);
    std::sscanf(name.release, "%d.%d", &major, &minor);
    return major > wanted_major || (major == wanted_major && minor >= wanted_minor);
}

std::optional<std::string> missing_exporter(const std::string &exporter)
{
    if (exporter == "udmabuf")
        return unopenable("/dev/udmabuf");
    if (exporter == "buffer-file" && !kernel_is_at_least(6, 9))
        return "FUSE passthrough came with Linux 6.9";
    return unopenable("/dev/fuse");
}

} // namespace

std::optional<std::string> missing(const Combination &combination)
{
    if (::geteuid() != 0)
        return "needs root";
    if (auto why = unopenable(combination.frontend == "cuse" ? "/dev/cuse" : "/dev/fuse"))
        return why;
    return missing_exporter(combination.exporter);
}

void choose(const Combination &combination)
{
    choice() = combination;
}

const Combination &chosen()
{
    return choice();
}

void skip(const std::string &what, const std::string &why)
{
    const std::string line = what + ": " + why;
    if (std::ranges::find(notes(), line) == notes().end())
        notes().push_back(line);
}

const std::vector<std::string> &skipped()
{
    return notes();
}

} // namespace dmaheap::test

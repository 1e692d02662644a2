// SPDX-License-Identifier: MIT
#include "tools/dmaheap-run/command.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include <unistd.h>

namespace dmaheap::run {

namespace {

constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;

/// Whether any folder of PATH has a file of that name. Folders that cannot be looked into have not,
/// as with shells; execvp() would take them for a file that may not be executed.
bool exists(const std::string &name)
{
    if (name.find('/') != std::string::npos)
        return ::access(name.c_str(), F_OK) == 0 || errno != ENOENT;

    const char *const path = std::getenv("PATH");
    std::istringstream folders(path ? path : "/bin:/usr/bin");
    for (std::string file; std::getline(folders, file, ':');) {
        file.append(file.empty() ? "" : "/").append(name);
        if (::access(file.c_str(), F_OK) == 0)
            return true;
    }
    return false;
}

} // namespace

void execute(const std::vector<std::string> &command)
{
    std::vector<char *> arguments;
    arguments.reserve(command.size() + 1);
    for (const std::string &word : command)
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): execvp does not write to them
        arguments.push_back(const_cast<char *>(word.c_str()));
    arguments.push_back(nullptr);

    ::execvp(arguments.front(), arguments.data());
    const int error = errno == EACCES && !exists(command.front()) ? ENOENT : errno;
    ::dprintf(STDERR_FILENO, "dmaheap-run: %s: %s\n", arguments.front(), std::strerror(error));
    ::_exit(error == ENOENT ? kNotFound : kNotExecutable);
}

} // namespace dmaheap::run

// SPDX-License-Identifier: MIT
#include "tools/dmaheap-run/command.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string_view>

#include <fcntl.h>
#include <paths.h>
#include <unistd.h>

#include "core/sys.h"
#include "core/unique_fd.h"

namespace dmaheap::run {

namespace {

constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;

using Arguments = std::vector<char *>;

Arguments arguments_of(const std::vector<std::string> &words)
{
    Arguments arguments;
    arguments.reserve(words.size() + 1);
    for (const std::string &word : words)
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): execve does not write to them
        arguments.push_back(const_cast<char *>(word.c_str()));
    arguments.push_back(nullptr);
    return arguments;
}

/// Where a command of that name may be, in the order of PATH.
std::vector<std::string> places_of(const std::string &name)
{
    if (name.empty())
        return {};
    if (name.find('/') != std::string::npos)
        return { name };

    const char *const path = std::getenv("PATH");
    // An empty one is the current folder, also at the end.
    std::istringstream folders(std::string(path ? path : "/bin:/usr/bin") + ':');
    std::vector<std::string> places;
    for (std::string folder; std::getline(folders, folder, ':');)
        places.push_back(folder.append(folder.empty() ? "" : "/").append(name));
    return places;
}

/// By its first line, as bash tells it from a script without "#!".
bool is_binary(const std::string &file)
{
    std::array<char, 128> first{};
    const auto opened = sys::open(file.c_str(), O_RDONLY);
    const ssize_t got = opened ? ::read(opened->get(), first.data(), first.size()) : -1;
    const std::string_view read(first.data(), got < 0 ? 0 : static_cast<std::size_t>(got));
    return read.starts_with("\177ELF") ||
           read.substr(0, read.find('\n')).find('\0') != std::string_view::npos;
}

/// What execvp() does with a file that the kernel does not know: a script without "#!".
void execute_by_shell(const std::string &file, const std::vector<std::string> &command)
{
    std::vector<std::string> words(command);
    words.front() = file;
    words.insert(words.begin(), _PATH_BSHELL);
    ::execv(_PATH_BSHELL, arguments_of(words).data());
}

/// Returns why that cannot be done. Folders that cannot be looked into have not got the file, as
/// with shells; execvp() would take them for a file that may not be executed.
int execute_at(const std::string &file, const std::vector<std::string> &command)
{
    ::execv(file.c_str(), arguments_of(command).data());
    const int error = errno;
    if (error == ENOEXEC && !is_binary(file))
        execute_by_shell(file, command);
    const bool named = command.front().find('/') != std::string::npos;
    return !named && error == EACCES && ::access(file.c_str(), F_OK) == -1 ? ENOENT : error;
}

/// Whether another folder may have it.
bool may_go_on(int error)
{
    return error == ENOENT || error == ENOTDIR || error == EACCES || error == ESTALE ||
           error == ENODEV || error == ETIMEDOUT;
}

} // namespace

void execute(const std::vector<std::string> &command)
{
    int error = ENOENT;
    for (const std::string &place : places_of(command.front())) {
        const int here = execute_at(place, command);
        if (error != EACCES || !may_go_on(here))
            error = here;
        if (!may_go_on(here))
            break;
    }
    ::dprintf(STDERR_FILENO, "dmaheap-run: %s: %s\n", command.front().c_str(),
              std::strerror(error));
    ::_exit(error == ENOENT ? kNotFound : kNotExecutable);
}

} // namespace dmaheap::run

// SPDX-License-Identifier: MIT
#include "tests/support/log_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include <sys/inotify.h>

namespace dmaheap::test {
namespace {

void forget_events(int watch)
{
    std::array<char, 4096> events{};
    while (::read(watch, events.data(), events.size()) > 0)
        continue;
}

} // namespace

LogFile::LogFile(const std::string &path)
    : path_(path), file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)),
      watch_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK))
{
    if (!file_.valid() || ::inotify_add_watch(watch_.get(), path.c_str(), IN_MODIFY) < 0)
        throw std::system_error(errno, std::generic_category(), path);
}

std::vector<std::string> LogFile::lines() const
{
    std::ifstream file(path_);
    std::vector<std::string> all;

    // A line without its end is still being written.
    for (std::string line; std::getline(file, line) && !file.eof();)
        all.push_back(line);
    return all;
}

std::vector<std::string> LogFile::matching(const std::string &text, std::size_t first) const
{
    std::vector<std::string> all = lines();

    all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(first, all.size())));
    std::erase_if(all, [&](const std::string &line) { return !line.contains(text); });
    return all;
}

std::optional<std::string> LogFile::await_line(const std::string &text, std::size_t first,
                                               const Deadline &deadline)
{
    for (;;) {
        forget_events(watch_.get());
        if (const auto found = matching(text, first); !found.empty())
            return found.front();
        if (!await_readable(watch_.get(), deadline))
            return std::nullopt;
    }
}

std::string LogFile::tail() const
{
    const std::vector<std::string> all = lines();
    std::string text;

    for (std::size_t at = all.size() > 30 ? all.size() - 30 : 0; at < all.size(); ++at)
        text += "    " + all[at] + '\n';
    return text;
}

} // namespace dmaheap::test

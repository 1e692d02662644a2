// SPDX-License-Identifier: MIT
#include "core/watched_files.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include <sys/epoll.h>

#include "core/sys.h"

namespace dmaheap {

namespace {

constexpr std::size_t kRoom = 4096;

/// All of a file of /proc from its start on, into a text whose room is used again.
Status read_again(int file, std::string &text)
{
    std::size_t used = 0;
    for (;;) {
        text.resize(std::max(text.capacity(), used + kRoom));
        const auto got = check("read", ::pread(file, text.data() + used, text.size() - used,
                                               static_cast<off_t>(used)));
        if (!got)
            return std::unexpected(got.error());
        if (*got == 0)
            break;
        used += static_cast<std::size_t>(*got);
    }
    text.resize(used);
    return {};
}

/// Of lines such as "tfd:        5 events:        0 data:               2a  pos:0 ino:40e sdev:10".
std::vector<std::uint64_t> numbers_in(std::string_view text)
{
    constexpr std::string_view kKey = " data:";
    constexpr int kHexadecimal = 16;
    std::vector<std::uint64_t> numbers;
    for (auto at = text.find(kKey); at != std::string_view::npos; at = text.find(kKey, at)) {
        at = text.find_first_not_of(' ', at + kKey.size());
        if (at == std::string_view::npos)
            break;
        std::uint64_t number = 0;
        std::from_chars(text.data() + at, text.data() + text.size(), number, kHexadecimal);
        numbers.push_back(number);
    }
    std::ranges::sort(numbers);
    return numbers;
}

} // namespace

Result<WatchedFiles> WatchedFiles::create()
{
    UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll.valid())
        return failure(errno, "epoll_create1");

    return adopt(std::move(epoll));
}

Result<WatchedFiles> WatchedFiles::adopt(UniqueFd epoll)
{
    const std::string number = std::to_string(epoll.get());
    std::array<char, 64> kind{};
    const auto length =
        ::readlink(("/proc/self/fd/" + number).c_str(), kind.data(), kind.size() - 1);
    if (length < 0 || std::string_view(kind.data()) != "anon_inode:[eventpoll]")
        return failure(EBADMSG, "descriptor that is no epoll instance");

    auto info = sys::open(("/proc/self/fdinfo/" + number).c_str(), O_RDONLY);
    if (!info)
        return std::unexpected(info.error());

    return WatchedFiles(std::move(epoll), *std::move(info));
}

Status WatchedFiles::add(int fd, std::uint64_t number) const
{
    epoll_event nothing{};
    nothing.data.u64 = number;
    return check_done("EPOLL_CTL_ADD", ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &nothing));
}

Result<std::vector<std::uint64_t>> WatchedFiles::remaining()
{
    if (auto read = read_again(info_.get(), text_); !read)
        return std::unexpected(read.error());

    return numbers_in(text_);
}

} // namespace dmaheap

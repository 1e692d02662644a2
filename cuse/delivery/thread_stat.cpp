// SPDX-License-Identifier: MIT
#include "cuse/delivery/thread_stat.h"

#include <array>
#include <charconv>
#include <csignal>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "core/sys.h"

namespace dmaheap::delivery {

namespace {

// Fields as numbered by proc_pid_stat(5); the first one after the name in parentheses is 3.
constexpr int kFirstField = 3;
constexpr int kBornField = 22;
constexpr int kIgnoredField = 33;
constexpr int kCpuField = 39;

/// The number in the given field of what follows the name; EINVAL when there is none.
Result<std::uint64_t> field(std::string_view fields, int wanted)
{
    for (int at = kFirstField; at < wanted; ++at) {
        const auto space = fields.find(' ');
        if (space == std::string_view::npos)
            return failure(EINVAL, "/proc/TID/stat");
        fields.remove_prefix(space + 1);
    }
    std::uint64_t value = 0;
    if (std::from_chars(fields.data(), fields.data() + fields.size(), value).ec != std::errc())
        return failure(EINVAL, "/proc/TID/stat");

    return value;
}

std::string path_of(pid_t thread, const char *file)
{
    return "/proc/" + std::to_string(thread) + file;
}

/// The number behind `key` in /proc/TID/status; EINVAL when there is none.
Result<std::uint64_t> status_field(pid_t thread, std::string_view key, int base)
{
    const auto status = sys::read_text(path_of(thread, "/status").c_str());
    if (!status)
        return std::unexpected(status.error());

    const auto at = status->find(key);
    std::uint64_t value = 0;
    const char *const end = status->data() + status->size();
    if (at == std::string::npos ||
        std::from_chars(status->data() + at + key.size(), end, value, base).ec != std::errc())
        return failure(EINVAL, "/proc/TID/status");

    return value;
}

} // namespace

Result<ThreadStat> parse_thread_stat(std::string_view text)
{
    const auto name_end = text.rfind(") "); // a name may hold anything, parentheses too
    if (name_end == std::string_view::npos)
        return failure(EINVAL, "/proc/TID/stat");

    const auto fields = text.substr(name_end + 2);
    const auto born = field(fields, kBornField);
    const auto ignored = field(fields, kIgnoredField);
    const auto cpu = field(fields, kCpuField);
    if (!born || !ignored || !cpu)
        return failure(EINVAL, "/proc/TID/stat");

    return ThreadStat{ .ignored_signals = *ignored, .cpu = static_cast<int>(*cpu), .born = *born };
}

ThreadStats::ThreadStats()
{
    static_cast<void>(open(::gettid())); // without /proc there is nothing to know of any thread
}

Result<ThreadStat> ThreadStats::of(pid_t thread)
{
    if (thread == thread_)
        if (const auto stat = read())
            return stat;
    if (auto opened = open(thread); !opened)
        return std::unexpected(opened.error());

    return read();
}

/// The one that was open stays open if this one cannot be opened.
Status ThreadStats::open(pid_t thread)
{
    auto file = sys::open(path_of(thread, "/stat").c_str(), O_RDONLY);
    if (!file)
        return std::unexpected(file.error());

    file_ = *std::move(file);
    thread_ = thread;
    return {};
}

Result<ThreadStat> ThreadStats::read() const
{
    std::array<char, 1024> text{}; // far above the longest line; no allocation
    const auto got = check("read", ::pread(file_.get(), text.data(), text.size(), 0));
    if (!got)
        return std::unexpected(got.error());

    return parse_thread_stat({ text.data(), static_cast<std::size_t>(*got) });
}

bool is_killed(pid_t thread)
{
    constexpr std::uint64_t kKillBit = std::uint64_t{ 1 } << (SIGKILL - 1);
    constexpr int kHexadecimal = 16;
    return (status_field(thread, "\nSigPnd:\t", kHexadecimal).value_or(0) & kKillBit) != 0;
}

Result<pid_t> process_of(pid_t thread)
{
    constexpr int kDecimal = 10;
    const auto process = status_field(thread, "\nTgid:\t", kDecimal);
    if (!process)
        return std::unexpected(process.error());

    return static_cast<pid_t>(*process);
}

} // namespace dmaheap::delivery

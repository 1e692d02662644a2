// SPDX-License-Identifier: MIT
#include "tests/support/freezer.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include <sys/wait.h>

namespace dmaheap::test {
namespace {

// Where the freezer's hierarchy is mounted; empty: nowhere. After a lone dash mountinfo has the
// type, the source and the options of the file system.
std::string root_of(Freezer::Version version)
{
    std::ifstream file("/proc/self/mountinfo");

    for (std::string line; std::getline(file, line);) {
        std::istringstream left(line);
        std::istringstream right(line.substr(line.find(" - ") + 3));
        std::string where;
        std::string type;
        std::string options;
        for (int word = 0; word < 5; ++word)
            left >> where;
        right >> type >> options >> options;
        if (version == Freezer::Version::one ? type == "cgroup" && options.contains("freezer")
                                             : type == "cgroup2")
            return where;
    }
    return {};
}

void write(const std::string &path, const std::string &text)
{
    std::ofstream file(path);
    file << text << std::flush;
    if (!file)
        throw std::system_error(errno, std::generic_category(), path);
}

// Whether a small file has such a line.
bool says(const std::string &path, const std::string &line)
{
    std::ifstream file(path);
    for (std::string text; std::getline(file, text);)
        if (text == line)
            return true;
    return false;
}

const char *thawed(Freezer::Version version)
{
    return version == Freezer::Version::one ? "THAWED" : "0";
}

// In a process of its own. The group can be removed when its processes have died with the test.
[[noreturn]] void thaw_when_alone(int guarded, const char *path, const char *word,
                                  const char *group)
{
    char nothing = 0;
    constexpr int kTries = 100;

    ::close_range(0, static_cast<unsigned>(guarded) - 1, 0);
    ::close_range(static_cast<unsigned>(guarded) + 1, ~0U, 0);
    ::signal(SIGTERM, SIG_IGN);
    ::setpgid(0, 0);
    while (::read(guarded, &nothing, 1) < 0 && errno == EINTR)
        continue;

    const int file = ::open(path, O_WRONLY);
    static_cast<void>(!::write(file, word, std::strlen(word)));
    for (int tries = 0; ::rmdir(group) != 0 && errno == EBUSY && tries < kTries; ++tries)
        ::usleep(20000);
    ::_exit(0);
}

} // namespace

std::vector<Freezer::Version> Freezer::available()
{
    std::vector<Version> found;
    for (const Version version : { Version::one, Version::two })
        if (const std::string root = root_of(version);
            !root.empty() && ::access(root.c_str(), W_OK) == 0)
            found.push_back(version);
    return found;
}

Freezer::Freezer(Version version)
    : version_(version), parent_(root_of(version)),
      path_(parent_ + "/dmaheapd-test-" + std::to_string(::getpid())),
      switch_(path_ + (version == Version::one ? "/freezer.state" : "/cgroup.freeze"))
{
    std::filesystem::create_directory(path_);
    start_guard();
}

void Freezer::start_guard()
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        throw std::system_error(errno, std::generic_category(), "pipe2");
    guarded_.reset(ends[1]);
    const UniqueFd theirs(ends[0]);

    guard_ = ::fork();
    if (guard_ == 0)
        thaw_when_alone(theirs.get(), switch_.c_str(), thawed(version_), path_.c_str());
}

Freezer::~Freezer()
{
    try {
        thaw();
    } catch (const std::system_error &) {
        // There is nothing better to do than to try the rest.
    }
    for (const pid_t member : members_) {
        std::ofstream file(parent_ + "/cgroup.procs");
        file << member << std::flush;
    }
    // A process that is ending still belongs to it.
    await([this] { return ::rmdir(path_.c_str()) == 0 || errno == ENOENT; });
    guarded_.reset();
    ::waitpid(guard_, nullptr, 0);
}

void Freezer::add(pid_t pid)
{
    write(path_ + "/cgroup.procs", std::to_string(pid));
    members_.push_back(pid);
}

void Freezer::freeze()
{
    write(switch_, version_ == Version::one ? "FROZEN" : "1");
}

bool Freezer::await_frozen(const Deadline &deadline)
{
    return await(
        [this] {
            return version_ == Version::one ? says(path_ + "/freezer.state", "FROZEN")
                                            : says(path_ + "/cgroup.events", "frozen 1");
        },
        deadline);
}

void Freezer::thaw()
{
    write(switch_, thawed(version_));
}

} // namespace dmaheap::test

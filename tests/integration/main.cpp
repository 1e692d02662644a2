// SPDX-License-Identifier: MIT
//
// integration [--frontend cuse|fuse] [--exporter udmabuf|buffer-file|buffer-file-cached]
//             [--clients may-trace|may-not-trace] [CATCH...]
//
// Runs every scenario over one frontend and one exporter, with clients that may trace the daemon
// and fetch their buffers from it, or that are handed them. Exit status 77: this machine has not
// got them. DMAHEAPD is the daemon, VICTIM_DIR has the programs that play its clients, and
// DMAHEAPD_TEST_SLOW=N makes all deadlines N times as long.
#define CATCH_CONFIG_RUNNER
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <sched.h>

#include <sys/mount.h>

#include "tests/support/catch.h"
#include "tests/support/combination.h"

namespace dmaheap::test {
namespace {

constexpr int kSkipped = 77;

// What is mounted by a test, and by a daemon that it has killed, ends with the test; and so do
// their files, which lie where no other program sees them. However this program ends.
bool keep_to_ourselves()
{
    constexpr const char *kScratch = "/media";

    return ::unshare(CLONE_NEWNS) == 0 &&
           ::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) == 0 &&
           ::mount("tests", kScratch, "tmpfs", 0, "mode=0755") == 0 &&
           ::setenv("TMPDIR", kScratch, 1) == 0;
}

std::string *option_of(Combination &combination, const std::string &name)
{
    if (name == "--frontend")
        return &combination.frontend;
    if (name == "--exporter")
        return &combination.exporter;
    return name == "--clients" ? &combination.clients : nullptr;
}

// Takes our options out of the arguments; the others are Catch's.
Combination take_options(std::vector<char *> &arguments)
{
    Combination combination{ .frontend = "fuse", .exporter = "buffer-file" };

    for (std::size_t at = 1; at + 1 < arguments.size();) {
        const std::string name = arguments[at];
        std::string *const option = option_of(combination, name);
        if (option == nullptr) {
            ++at;
            continue;
        }
        *option = arguments[at + 1];
        arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(at),
                        arguments.begin() + static_cast<std::ptrdiff_t>(at) + 2);
    }
    return combination;
}

int run(std::vector<char *> arguments)
{
    Catch::Session session;
    const int failures = session.run(static_cast<int>(arguments.size()), arguments.data());

    for (const std::string &line : skipped())
        std::printf("SKIPPED %s\n", line.c_str());
    return failures;
}

} // namespace
} // namespace dmaheap::test

int main(int argc, char **argv)
{
    using namespace dmaheap::test;

    std::vector<char *> arguments(argv, argv + argc);
    const Combination combination = take_options(arguments);
    if (const auto why = missing(combination)) {
        std::printf("SKIPPED %s with %s: %s\n", combination.frontend.c_str(),
                    combination.exporter.c_str(), why->c_str());
        return kSkipped;
    }
    if (!keep_to_ourselves()) {
        std::printf("SKIPPED all: no mount namespace can be made: %s\n", std::strerror(errno));
        return kSkipped;
    }

    std::signal(SIGPIPE, SIG_IGN);
    choose(combination);
    return run(arguments);
}

// SPDX-License-Identifier: MIT
#include <cerrno>

#include <sys/ptrace.h>
#include <sys/wait.h>

#include "tests/integration/scene.h"
#include "tests/support/catch.h"

using namespace dmaheap::test;

namespace {

// As a debugger that lets its program run.
class Tracer {
public:
    explicit Tracer(pid_t pid) : pid_(pid)
    {
        REQUIRE(::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) == 0);
    }
    Tracer(const Tracer &) = delete;
    Tracer &operator=(const Tracer &) = delete;
    ~Tracer()
    {
        ::ptrace(PTRACE_INTERRUPT, pid_, nullptr, nullptr);
        ::waitpid(pid_, nullptr, __WALL);
        ::ptrace(PTRACE_DETACH, pid_, nullptr, nullptr);
    }

private:
    pid_t pid_;
};

} // namespace

TEST_CASE("traced: a client that has a tracer gets EBUSY, and the log says what to do", "[traced]")
{
    Scene scene;
    Opened opened(scene.daemon);
    Balance balance(scene.daemon, { &opened.client });
    const std::size_t logged = scene.daemon.log().count();
    {
        const Tracer tracer(opened.client.pid());

        CHECK(opened.client.ask("alloc", opened.heap, 4096).words ==
              std::vector<std::string>{ "error", std::to_string(EBUSY), "0" });
        CHECK(scene.daemon.log().await_line("run it without", logged));
        CHECK(scene.daemon.log().matching("run it without", logged).size() == 1);
        CHECK(balance.difference() == "");
    }

    CHECK(opened.client.error("alloc", opened.heap, 4096) == 0);
    CHECK(scene.daemon.stop() == exited(0));
}

TEST_CASE("traced: the tracer of another thread of the client is no obstacle", "[traced]")
{
    Scene scene;
    Balance balance(scene.daemon);
    Process program({ .command = { victim("threads"), scene.daemon.node(), "others",
                                   std::to_string(times(3000)) },
                      .descriptors = { -1, -1, 2 } });
    CHECK(await([&] { return scene.daemon.live().buffers > 0; }));
    {
        const Tracer of_the_leader(program.pid());
        CHECK(program.wait(Deadline(std::chrono::seconds(60))) == exited(0));
    }
    CHECK(balance.difference() == "");
}

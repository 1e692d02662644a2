// SPDX-License-Identifier: MIT
#include "tests/integration/scene.h"

#include <utility>

#include <sys/syscall.h>

#include "tests/support/catch.h"
#include "tests/support/proc.h"
#include "tests/support/stepper.h"

namespace dmaheap::test {

Scene::Scene(DaemonOptions options) : daemon(std::move(options))
{
    warm_up(daemon);
}

Opened::Opened(const Daemon &daemon, const std::string &name, int namespaces)
    : client(name, namespaces), heap(client.get("open", daemon.node()))
{
}

void run_victims(Daemon &daemon, const std::vector<std::string> &names,
                 const std::vector<std::string> &arguments)
{
    for (const std::string &name : victims(names)) {
        Balance balance(daemon);
        std::vector<std::string> command{ victim(name), daemon.node() };
        command.insert(command.end(), arguments.begin(), arguments.end());

        const Ran ran = run(command, Deadline(std::chrono::seconds(60)));

        INFO(name << ": " << ran.output);
        CHECK(ran.outcome == exited(0));
        CHECK(balance.difference() == "");
    }
}

bool allocate_held(Daemon &daemon, Opened &opened, int step, const std::function<void()> &act)
{
    Stepper stepper(daemon.pid());

    opened.client.tell("alloc", opened.heap, 4096);
    const bool held = stepper.hold_at(step, opened.client.output());
    act();
    return held;
}

bool await_in_ioctl(const Client &client)
{
    return await([&] { return proc::system_call(client.pid()) == SYS_ioctl; });
}

void expect_served(Daemon &daemon)
{
    Opened other(daemon);
    CHECK(other.client.get("cycle", other.heap, 4096, 5) == 5);
}

} // namespace dmaheap::test

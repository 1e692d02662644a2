// SPDX-License-Identifier: MIT
#include "tests/integration/restart_scene.h"

#include <cerrno>
#include <cstdlib>

#include <sys/stat.h>

#include "tests/support/catch.h"

namespace dmaheap::test {

Service::Service(const DaemonOptions &options)
    : log(folder.path() + "/log"), manager(daemon_command(options, root()), log.fd())
{
    ::mkdir(root().c_str(), 0755);
}

nlohmann::json Service::ask(const char *what) const
{
    const char *const program = std::getenv("DMAHEAPCTL");
    const Ran ran = run({ program ? program : "dmaheapctl", "--control", root() + "/control.sock",
                          "--json", what });
    INFO(ran.output);
    REQUIRE(ran.outcome == exited(0));
    return nlohmann::json::parse(ran.output);
}

int use_the_rest(const std::string &node, long size)
{
    Client client;
    const auto heap = client.get("open", node);
    for (int count = 0;; ++count) {
        const Answer buffer = client.ask("alloc", heap, size);
        if (!buffer.ok()) {
            CHECK(buffer.error() == ENOMEM);
            return count;
        }
        const auto mapping = client.get("map", buffer.value(), size);
        CHECK(client.get("compare", mapping, 0) == 0);
        client.ask("fill", mapping, 7);
        client.get("unmap", mapping);
    }
}

} // namespace dmaheap::test

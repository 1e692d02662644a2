// SPDX-License-Identifier: MIT
#include <string>

#include "tests/integration/ion_scene.h"
#include "tests/integration/scene.h"
#include "tests/support/catch.h"

using namespace dmaheap::test;

namespace {

/// Runs a program of ION's time in each of its flavours, and checks that it has left nothing.
void run_programs(IonScene &scene, const std::string &program,
                  const std::vector<std::string> &arguments,
                  const std::string &node = "ion-integration")
{
    for (const std::string &name :
         victims({ program, program + "-static", program + "-32", program + "-32-static" })) {
        Balance balance(scene.daemon);
        std::vector<std::string> command{ victim(name), scene.node(node) };
        command.insert(command.end(), arguments.begin(), arguments.end());

        const Ran ran = run(command, Deadline(std::chrono::seconds(60)));

        INFO(name << ": " << ran.output);
        CHECK(ran.outcome == exited(0));
        CHECK(balance.difference() == "");
        CHECK(scene.daemon.await_live(0, kIonSystem));
        CHECK(scene.daemon.await_live(0, kIonCma));
    }
}

} // namespace

TEST_CASE("ion: a program of the modern interface", "[ion]")
{
    IonScene scene;

    run_programs(scene, "ion-modern", { "0" });
    run_programs(scene, "ion-modern", { "4" });
    CHECK(scene.daemon.stop() == exited(0));
}

TEST_CASE("ion: a program of the legacy interface, whatever it lets go of first", "[ion]")
{
    IonScene scene("[ion.ion-old]\nabi = \"legacy\"\nheaps = { 0 = \"ion-system\" }");

    for (const char *order : { "handle", "fd", "mapping" })
        run_programs(scene, "ion-legacy", { "1", order }, "ion-old");
    run_programs(scene, "ion-legacy", { "0xffffffff", "fd" }, "ion-old");
    CHECK(scene.daemon.stop() == exited(0));
}

TEST_CASE("ion: the legacy interface over heaps of a region", "[ion]")
{
    IonScene scene(R"(
[region.ion-region]
size = "8MiB"
pages = "4KiB"
[heap.ion-contiguous]
policy = "contiguous"
region = "ion-region"
contiguity = "emulated"
[heap.ion-reserved]
policy = "reserved"
region = "ion-region"
buffers = 8
buffer-size = "8KiB"
[heap.ion-carveout]
policy = "carveout"
region = "ion-region"
[ion.ion-old]
abi = "legacy"
heaps = { 0 = "ion-contiguous", 1 = "ion-reserved", 2 = "ion-carveout" }
)");

    for (const char *mask : { "1", "2", "4" })
        run_programs(scene, "ion-legacy", { mask, "fd" }, "ion-old");
    CHECK(scene.daemon.stop() == exited(0));
}

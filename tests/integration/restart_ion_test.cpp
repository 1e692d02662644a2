// SPDX-License-Identifier: MIT
#include <cerrno>
#include <csignal>
#include <string>

#include "tests/integration/file_scene.h"
#include "tests/integration/ion_legacy_scene.h"
#include "tests/integration/restart_scene.h"
#include "tests/support/catch.h"

using namespace dmaheap::test;

namespace {

constexpr const char *kModernAlloc = "0xc0184900";
constexpr long kBuffer = 8192;

// Of 16 buffers, which are served through ION, too.
const char *const kConfig = R"(
[region.pool]
size = "128KiB"
[heap.ion-system]
policy = "carveout"
region = "pool"
[ion.ion-integration]
heaps = { 0 = "ion-system" }
[ion.ion-old]
abi = "legacy"
heaps = { 0 = "ion-system" }
)";

long long alloc_modern(Client &client, long long ion)
{
    const Answer done = client.ask("ioctl", ion, kModernAlloc, hex({ kBuffer, 0, 1, 0, 0, 0 }));
    REQUIRE(done.ok());
    return word(done, 4);
}

int alloc_legacy(Client &client, long long ion)
{
    const Answer done = client.ask("ioctl", ion, kAlloc, allocation());
    REQUIRE(done.ok());
    return word(done, 6);
}

int share(Client &client, long long ion, int handle)
{
    const Answer done = client.ask("ioctl", ion, kShare, LegacyScene::pair(handle, -1));
    REQUIRE(done.ok());
    return word(done, 1);
}

void expect_live(const Service &service, std::size_t buffers)
{
    CHECK(await([&] { return service.ask("buffers").size() == buffers; }));
    const nlohmann::json heap = service.ask("heaps")[0];
    INFO(heap.dump());
    CHECK(heap["buffers"] == buffers);
    CHECK(heap["bytes"] == buffers * kBuffer);
}

} // namespace

TEST_CASE("restart: what came through ION is live as long as anybody has a part in it",
          "[restart][ion]")
{
    if (chosen().exporter != "udmabuf")
        return skip("restart", "only dma-bufs outlive the daemon's knowledge of them");

    const Folder files;
    Service service({ .heaps = {}, .more = { "-c", config_in(files, kConfig) } });
    REQUIRE(service.manager.start(kStored + 1));
    Client client;
    const auto modern = alloc_modern(client, client.get("open", service.device("ion-integration")));
    const auto old = client.get("open", service.device("ion-old"));
    const int handle = alloc_legacy(client, old);
    const int shared = share(client, old, handle);
    const int shared_again = share(client, old, handle);
    alloc_legacy(client, old); // a handle alone, which ends with its daemon
    const auto mapping = client.get("map", shared, kBuffer);
    client.ask("fill", mapping, kPattern);
    expect_live(service, 3);

    for (const int signal : { SIGKILL, SIGTERM, SIGKILL }) {
        REQUIRE(service.manager.end(signal));
        REQUIRE(service.manager.start(kStored + 1));

        expect_live(service, 2);
        CHECK(use_the_rest(service.node("ion-system"), kBuffer) == 14);
        CHECK(client.get("compare", mapping, kPattern) == 0);
    }

    // There are no handles any more, nor anything to import them by.
    const auto anew = client.get("open", service.device("ion-old"));
    CHECK(client.error("ioctl", anew, kShare, LegacyScene::pair(handle, -1)) == EINVAL);
    CHECK(client.error("ioctl", anew, kImport, LegacyScene::pair(0, shared)) == EINVAL);
    client.get("unmap", mapping);
    client.get("close", shared);
    expect_live(service, 2); // by the other descriptor
    client.get("close", shared_again);
    expect_live(service, 1);
    client.get("close", modern);
    expect_live(service, 0);
    CHECK(use_the_rest(service.node("ion-system"), kBuffer) == 16);
    CHECK(service.manager.end(SIGTERM) == exited(0));
}

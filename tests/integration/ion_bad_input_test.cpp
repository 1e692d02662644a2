// SPDX-License-Identifier: MIT
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include <linux/udmabuf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "tests/integration/ion_legacy_scene.h"
#include "tests/integration/ion_scene.h"
#include "tests/integration/scene.h"
#include "tests/support/catch.h"

using namespace dmaheap::test;

namespace {

constexpr const char *kQuery = "0xc0184908";

/// Both commands that take a buffer's descriptor say the same of it.
void expect_refused(LegacyScene &legacy, long long fd, int error)
{
    for (const char *command : { kImport, kSync }) {
        INFO(command);
        CHECK(legacy.client.error("ioctl", legacy.ion, command, LegacyScene::pair(0, fd)) == error);
    }
}

void hand_over(int socket, int fd)
{
    char text = 0;
    std::array<std::byte, CMSG_SPACE(sizeof(int))> control{};
    iovec data{ &text, 1 };
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr *const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
    REQUIRE(::sendmsg(socket, &message, 0) == 1);
}

/// A dma-buf that the daemon has not made, or a memfd where the kernel has no udmabuf.
dmaheap::UniqueFd buffer_of_somebody_else()
{
    dmaheap::UniqueFd memory(::memfd_create("else", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    REQUIRE(::ftruncate(memory.get(), 8192) == 0);
    REQUIRE(::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK) == 0);

    const dmaheap::UniqueFd device(::open("/dev/udmabuf", O_RDWR | O_CLOEXEC));
    udmabuf_create create{};
    create.memfd = static_cast<std::uint32_t>(memory.get());
    create.flags = UDMABUF_FLAGS_CLOEXEC;
    create.size = 8192;
    const int made = device.valid() ? ::ioctl(device.get(), UDMABUF_CREATE, &create) : -1;
    return made < 0 ? std::move(memory) : dmaheap::UniqueFd(made);
}

} // namespace

TEST_CASE("ion: handles that are none", "[ion][bad-input]")
{
    LegacyScene legacy;
    Balance balance(legacy.scene.daemon, { &legacy.client });
    const long long other = legacy.client.get("open", legacy.scene.node("ion-old"));
    const int handle = legacy.allocate();

    for (const int wrong : { 0, -1, 2, 1024, 0x7fffffff, -0x7fffffff }) {
        INFO("handle " << wrong);
        CHECK(legacy.free(wrong) == EINVAL);
        for (const char *command : { kShare, kMap })
            CHECK(legacy.client.error("ioctl", legacy.ion, command, LegacyScene::pair(wrong, -1)) ==
                  EINVAL);
    }
    for (const char *command : { kShare, kMap })
        CHECK(legacy.client.error("ioctl", other, command, LegacyScene::pair(handle, -1)) ==
              EINVAL);
    CHECK(legacy.client.error("ioctl", other, kFree, hex({ 1 })) == EINVAL);

    CHECK(legacy.live() == 1);
    CHECK(legacy.free(handle) == 0);
    CHECK(legacy.free(handle) == EINVAL);
    CHECK(legacy.scene.daemon.await_live(0, kIonSystem));
    legacy.client.get("close", other);
    CHECK(balance.difference() == "");
    CHECK(legacy.scene.daemon.stop() == exited(0));
}

TEST_CASE("ion: descriptors that are no buffers from here", "[ion][bad-input]")
{
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    const dmaheap::UniqueFd ours(ends[0]), theirs(ends[1]);
    LegacyScene legacy(theirs.get());
    Client &client = legacy.client;
    const long long heap = client.get("open", legacy.scene.daemon.node());
    Balance balance(legacy.scene.daemon, { &client });

    expect_refused(legacy, -1, EBADF);
    expect_refused(legacy, 1000, EBADF);
    expect_refused(legacy, legacy.ion, EINVAL);
    expect_refused(legacy, heap, EINVAL);

    hand_over(ours.get(), buffer_of_somebody_else().get());
    const long long foreign = client.get("receive");
    expect_refused(legacy, foreign, EINVAL);
    client.get("close", foreign);

    const long long of_dma_heap = client.get("alloc", heap, 4096);
    expect_refused(legacy, of_dma_heap, EINVAL);
    client.get("close", of_dma_heap);

    CHECK(balance.difference() == "");
    CHECK(legacy.live() == 0);
    CHECK(legacy.scene.daemon.stop() == exited(0));
}

TEST_CASE("ion: a buffer ends with its last user, whichever that is", "[ion]")
{
    LegacyScene legacy;
    Balance balance(legacy.scene.daemon, { &legacy.client });

    int handle = legacy.allocate();
    int fd = legacy.share(handle);
    CHECK(legacy.free(handle) == 0);
    CHECK(legacy.live() == 1);
    legacy.client.get("close", fd);
    CHECK(legacy.scene.daemon.await_live(0, kIonSystem));

    handle = legacy.allocate();
    fd = legacy.share(handle);
    legacy.client.get("close", fd);
    CHECK(legacy.live() == 1);
    CHECK(legacy.free(handle) == 0);
    CHECK(legacy.scene.daemon.await_live(0, kIonSystem));

    handle = legacy.allocate();
    fd = legacy.share(handle);
    const long long mapping = legacy.client.get("map", fd, 8192);
    legacy.client.get("close", fd);
    CHECK(legacy.free(handle) == 0);
    CHECK(legacy.live() == 1);
    legacy.client.get("unmap", mapping);
    CHECK(legacy.scene.daemon.await_live(0, kIonSystem));
    CHECK(balance.difference() == "");
}

TEST_CASE("ion: handles end with their open file", "[ion]")
{
    LegacyScene legacy;

    for (int count = 0; count < 5; ++count)
        legacy.allocate();
    CHECK(legacy.live() == 5);
    const int fd = legacy.share(3);
    const long long copy = legacy.client.get("duplicate", legacy.ion, 30);
    legacy.client.get("close", legacy.ion);
    CHECK(legacy.live() == 5);
    legacy.client.get("close", copy);
    CHECK(legacy.scene.daemon.await_live(1, kIonSystem));
    legacy.client.get("close", fd);
    CHECK(legacy.scene.daemon.await_live(0, kIonSystem));
}

TEST_CASE("ion: queries with a bad pointer leave nothing", "[ion][bad-input]")
{
    IonScene scene;
    for (const std::string &name : victims({ "client", "client-32" })) {
        Client client(name);
        const long long ion = client.get("open", scene.node());
        client.ask("ioctl", ion, kQuery, hex({ 4, 0, 4096, 0, 0, 0 })); // which makes a thread
        Balance balance(scene.daemon, { &client });

        for (const std::uint32_t address : { 1U, 4096U, 0xfffff000U, 0xffffffffU })
            for (int round = 0; round < 5; ++round) {
                INFO(name << ": " << address);
                CHECK(client.error("ioctl", ion, kQuery, hex({ 4, 0, address, 0, 0, 0 })) ==
                      EFAULT);
                CHECK(client.error("ioctl", ion, kQuery, hex({ 4, 0, address, ~0U, 0, 0 })) ==
                      EFAULT);
            }
        CHECK(balance.difference() == "");
        CHECK(client.error("ioctl", ion, kQuery, hex({ 0, 0, 0, 0, 0, 0 })) == 0);
    }
    CHECK(scene.daemon.stop() == exited(0));
}

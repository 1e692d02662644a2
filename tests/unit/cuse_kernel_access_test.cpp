// SPDX-License-Identifier: MIT
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <sys/stat.h>

#include "core/unique_fd.h"
#include "cuse/kernel_access.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/support/skip.h"

using namespace dmaheap;
using namespace dmaheap::cuse;

namespace {

constexpr gid_t kVideo = 44;
constexpr std::uint64_t kOverride = 1U << 1; // CAP_DAC_OVERRIDE

Credentials user(std::vector<gid_t> groups = {}, std::uint64_t capabilities = 0)
{
    return { .user = 1000,
             .group = 100,
             .groups = std::move(groups),
             .capabilities = capabilities,
             .users = { { .first = 0, .count = 0xffffffff } },
             .all_groups = { { .first = 0, .count = 0xffffffff } } };
}

struct Node {
    Node()
    {
        if (::geteuid() != 0)
            test::skip_program("taking on the ids of others takes root");
        file = UniqueFd(::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
        REQUIRE(file.valid());
    }

    [[nodiscard]] bool lets(mode_t mode, gid_t group, const Credentials &who) const
    {
        REQUIRE(::fchown(file.get(), 0, group) == 0);
        REQUIRE(::fchmod(file.get(), mode) == 0);
        return kernel_lets(who, path);
    }

    test::TempDir folder;
    std::string path = folder.path() + "/node";
    UniqueFd file;
};

} // namespace

TEST_CASE_METHOD(Node, "kernel_access: mode, group and further groups decide", "[cuse]")
{
    CHECK_FALSE(lets(0600, 0, user()));
    CHECK(lets(0666, 0, user()));
    CHECK_FALSE(lets(0664, 0, user()));
    CHECK_FALSE(lets(0660, kVideo, user()));
    CHECK(lets(0660, kVideo, user({ kVideo })));
    CHECK_FALSE(kernel_lets(user(), folder.path() + "/nothing"));
}

TEST_CASE_METHOD(Node, "kernel_access: root is who has the capability", "[cuse]")
{
    auto root = user();
    root.user = 0;

    CHECK_FALSE(lets(0, 0, root));
    CHECK(lets(0600, 0, root));
    CHECK(lets(0, 0, user({}, kOverride)));

    auto root_in_there = user({}, kOverride);
    root_in_there.users = { { .first = 1000, .count = 1 } };
    CHECK_FALSE(lets(0600, 0, root_in_there));
}

TEST_CASE_METHOD(Node, "kernel_access: nothing of the ids is left with us", "[cuse]")
{
    CHECK(lets(0666, 0, user()));

    CHECK(::geteuid() == 0);
    CHECK(lets(0600, 0, [] {
        auto root = user();
        root.user = 0;
        return root;
    }()));
    CHECK(::access(path.c_str(), R_OK | W_OK) == 0);
}

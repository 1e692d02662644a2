// SPDX-License-Identifier: MIT
#include <array>
#include <csignal>
#include <cstring>
#include <string>

#include <unistd.h>

#include <sys/mman.h>

#include "cuse/delivery/remote_memory.h"
#include "tests/support/catch.h"
#include "tests/unit/support/child.h"

using namespace dmaheap;
using namespace dmaheap::delivery;

namespace {

constexpr std::size_t kPage = 4096;

/// Two pages, of which the child has only the first one; and the child itself, which shows what
/// is in it.
struct Fixture {
    Fixture()
        : pages(static_cast<char *>(::mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE,
                                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))),
          child([this](const test::Line &line) {
              ::munmap(pages + kPage, kPage);
              std::strcpy(pages, "of the child");
              line.say();
              line.hear();
              return std::strcmp(pages, "of the test") == 0 ? 0 : 1;
          }),
          memory(child.pid())
    {
        child.line().hear();
        std::strcpy(pages, "not this one");
    }
    Fixture(const Fixture &) = delete;
    Fixture &operator=(const Fixture &) = delete;
    ~Fixture() { ::munmap(pages, 2 * kPage); }

    [[nodiscard]] RemoteAddress at(std::size_t offset) const
    {
        return RemoteAddress{ reinterpret_cast<std::uintptr_t>(pages) + offset };
    }

    char *pages;
    test::Child child;
    RemoteMemory memory;
};

int error_of(const Status &status)
{
    return status ? 0 : status.error().code;
}

template <std::size_t size>
std::string text(const std::array<char, size> &bytes)
{
    return bytes.data();
}

template <std::size_t size>
std::span<std::byte> bytes_of(std::array<char, size> &array)
{
    return std::as_writable_bytes(std::span(array));
}

} // namespace

TEST_CASE_METHOD(Fixture, "remote_memory: reads what the other process has there", "[delivery]")
{
    std::array<char, 13> bytes{};

    CHECK(memory.read(at(0), bytes_of(bytes)));

    CHECK(text(bytes) == "of the child");
}

TEST_CASE_METHOD(Fixture, "remote_memory: writes into the other process and not into this one",
                 "[delivery]")
{
    const std::string bytes = "of the test";

    CHECK(memory.write(at(0), std::as_bytes(std::span(bytes.c_str(), bytes.size() + 1))));

    child.line().say();
    CHECK(child.wait() == 0);
    CHECK(std::string(pages) == "not this one");
}

TEST_CASE_METHOD(Fixture, "remote_memory: half a transfer is none", "[delivery]")
{
    std::array<char, 16> bytes{};

    CHECK(error_of(memory.read(at(kPage - 8), bytes_of(bytes))) == EFAULT);
    CHECK(error_of(memory.write(at(kPage - 8), bytes_of(bytes))) == EFAULT);
    CHECK(error_of(memory.read(at(kPage), bytes_of(bytes))) == EFAULT);
    CHECK(error_of(memory.write(RemoteAddress{ 0 }, bytes_of(bytes))) == EFAULT);
}

TEST_CASE_METHOD(Fixture, "remote_memory: as much as there is, up to a page that is not there",
                 "[delivery]")
{
    std::array<char, 16> bytes{};

    CHECK(memory.read_some(at(0), bytes_of(bytes)) == 16U);
    CHECK(text(bytes) == "of the child");
    CHECK(memory.read_some(at(kPage - 16), bytes_of(bytes)) == 16U);
    CHECK(memory.read_some(at(kPage - 5), bytes_of(bytes)) == 5U);
    CHECK(memory.read_some(at(kPage - 1), bytes_of(bytes)) == 1U);
    const auto nothing = memory.read_some(at(kPage), bytes_of(bytes));
    REQUIRE_FALSE(nothing);
    CHECK(nothing.error().code == EFAULT);
}

TEST_CASE_METHOD(Fixture, "remote_memory: a process that is gone has none", "[delivery]")
{
    std::array<char, 16> bytes{};
    child.kill(SIGKILL);
    child.wait();

    CHECK(error_of(memory.read(at(0), bytes_of(bytes))) == ESRCH);
    CHECK(error_of(memory.write(at(0), bytes_of(bytes))) == ESRCH);
}

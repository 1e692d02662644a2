// SPDX-License-Identifier: MIT
#include <array>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include <sys/stat.h>

#include "core/sys.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

using namespace dmaheap;

namespace {

bool closes_on_exec(const UniqueFd &fd)
{
    return (::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0;
}

std::size_t open_descriptors()
{
    std::size_t open = 0;
    for (int fd = 0; fd < 64; ++fd)
        open += ::fcntl(fd, F_GETFD) != -1 ? 1 : 0;
    return open;
}

std::string new_file(const test::TempDir &folder, const std::string &text)
{
    std::string path = folder.path() + "/file";
    std::ofstream(path) << text;
    return path;
}

} // namespace

TEST_CASE("sys: every descriptor is close-on-exec, whoever makes it", "[core]")
{
    const auto folder = sys::open("/proc/self", O_RDONLY | O_DIRECTORY);
    REQUIRE(folder);
    const auto file = sys::open_at(folder->get(), "status", O_RDONLY);
    const auto memory = sys::memfd("sys", 4096);
    const int inherited = ::dup(0);
    const auto copy = sys::duplicate(inherited);
    ::close(inherited);

    REQUIRE((file && memory && copy));
    CHECK(closes_on_exec(*folder));
    CHECK(closes_on_exec(*file));
    CHECK(closes_on_exec(*memory));
    CHECK(closes_on_exec(*copy));
}

TEST_CASE("sys: errors carry the errno and the step", "[core]")
{
    const auto missing = sys::open("/nowhere/at/all", O_RDONLY);
    const auto copy = sys::duplicate(-1);

    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == ENOENT);
    CHECK(std::string(missing.error().step) == "open");
    REQUIRE_FALSE(copy);
    CHECK(copy.error().code == EBADF);
}

TEST_CASE("sys: a new file is made with the mode asked for", "[core]")
{
    const test::TempDir folder;
    const std::string path = folder.path() + "/new";
    struct stat attributes{};

    const auto file = sys::open(path.c_str(), O_CREAT | O_WRONLY, 0600);

    REQUIRE(file);
    REQUIRE(::stat(path.c_str(), &attributes) == 0);
    CHECK((attributes.st_mode & ALLPERMS) == 0600);
}

TEST_CASE("sys: a memfd has its size, reads as zeroes, and can be sealed once", "[core]")
{
    const auto file = sys::memfd("sys", 8192);
    REQUIRE(file);
    std::array<char, 8193> content{};
    content.fill('x');

    CHECK(::pread(file->get(), content.data(), content.size(), 0) == 8192);
    CHECK(std::string(content.data(), 8192) == std::string(8192, '\0'));
    CHECK(sys::add_seals(file->get(), F_SEAL_SHRINK | F_SEAL_SEAL));
    CHECK(::ftruncate(file->get(), 4096) == -1);
    const auto again = sys::add_seals(file->get(), F_SEAL_GROW);
    REQUIRE_FALSE(again);
    CHECK(again.error().code == EPERM);
}

TEST_CASE("sys: a memfd that cannot have its size is closed again", "[core]")
{
    const std::size_t before = open_descriptors();

    const auto file = sys::memfd("sys", ~Bytes{ 0 });

    REQUIRE_FALSE(file);
    CHECK(file.error().code == EINVAL);
    CHECK(std::string(file.error().step) == "ftruncate");
    CHECK(open_descriptors() == before);
}

TEST_CASE("sys: a text is read whole, up to a mebibyte", "[core]")
{
    const test::TempDir folder;
    const std::string largest(std::size_t{ 1 } << 20, 'x');

    CHECK(sys::read_text(new_file(folder, "").c_str()) == "");
    CHECK(sys::read_text(new_file(folder, "one\ntwo\n").c_str()) == "one\ntwo\n");
    CHECK(sys::read_text(new_file(folder, largest).c_str()) == largest);
    const auto larger = sys::read_text(new_file(folder, largest + "x").c_str());
    REQUIRE_FALSE(larger);
    CHECK(larger.error().code == EFBIG);
}

TEST_CASE("sys: a folder is no text", "[core]")
{
    const auto text = sys::read_text("/");

    REQUIRE_FALSE(text);
    CHECK(text.error().code == EISDIR);
}

TEST_CASE("sys: a value is written into a file that exists, and none is made", "[core]")
{
    const test::TempDir folder;
    const std::string path = new_file(folder, "old");

    CHECK(sys::write_text(path.c_str(), "new"));
    CHECK(sys::read_text(path.c_str()) == "new");
    const auto missing = sys::write_text((folder.path() + "/missing").c_str(), "new");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == ENOENT);
}

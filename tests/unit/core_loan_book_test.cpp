// SPDX-License-Identifier: MIT
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#include <unistd.h>

#include <sys/stat.h>

#include "core/huge_page_loan.h"
#include "core/huge_pages.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

using namespace dmaheap;
using namespace dmaheap::huge_pages;

namespace {

/// No machine has pages of that size, so nothing is changed.
constexpr Bytes kNoSuchPage = 12345 << 10;

struct Fixture {
    [[nodiscard]] std::string only_file() const
    {
        const std::filesystem::directory_iterator files(folder);
        REQUIRE(files != std::filesystem::directory_iterator());
        std::ifstream file(files->path());
        std::ostringstream text;
        text << file.rdbuf();
        return text.str();
    }

    const test::TempDir run;
    const std::string folder = run.path() + "/dmaheapd/loans";
    const LoanBook book{ folder };
};

} // namespace

TEST_CASE("huge pages: of a size that no machine has there are none", "[core]")
{
    CHECK_FALSE(exist(kNoSuchPage));
    CHECK(available(kNoSuchPage).error().code == ENOENT);
    CHECK(Loan::of(kNoSuchPage, 1, LoanBook("/nowhere")).error().code == ENOENT);
}

TEST_CASE_METHOD(Fixture, "huge pages: what is there already is not borrowed", "[core]")
{
    constexpr Bytes kPage = Bytes{ 2 } << 20;
    if (!exist(kPage))
        return;

    const auto loan = Loan::of(kPage, 0, book);

    REQUIRE(loan);
    CHECK(loan->count() == 0);
    CHECK_FALSE(std::filesystem::exists(folder));
}

TEST_CASE_METHOD(Fixture, "loan book: a note tells what is planned, and what came of it", "[core]")
{
    const auto note = book.add_note({ .page = kNoSuchPage, .before = 2, .count = 3 });
    REQUIRE(note);
    CHECK(only_file() == std::to_string(kNoSuchPage) + " 2 3\n");

    CHECK(note->confirm(1));

    CHECK(only_file() == std::to_string(kNoSuchPage) + " 2 3\n1\n");
}

TEST_CASE_METHOD(Fixture, "loan book: a note is there until its end, as long as its owner lives",
                 "[core]")
{
    {
        const auto note = book.add_note({ .page = kNoSuchPage, .before = 0, .count = 3 });
        REQUIRE(note);
        CHECK(book.settle() == 0);
        CHECK_FALSE(std::filesystem::is_empty(folder));
    }
    CHECK(std::filesystem::is_empty(folder));
}

TEST_CASE_METHOD(Fixture, "loan book: what nobody holds, or is nonsense, is settled once", "[core]")
{
    std::filesystem::create_directories(folder);
    std::ofstream(folder + "/killed") << kNoSuchPage << " 0 3\n3\n";
    std::ofstream(folder + "/nonsense") << "nonsense";

    CHECK(book.settle() == 0); // there is no such pool to reduce
    CHECK(std::filesystem::is_empty(folder));
}

TEST_CASE_METHOD(Fixture, "loan book: a folder that others may write to is not believed", "[core]")
{
    std::filesystem::create_directories(folder);
    std::ofstream(folder + "/killed") << kNoSuchPage << " 0 3\n";
    REQUIRE(::chmod(folder.c_str(), 0777) == 0);

    CHECK(book.settle() == 0);
    CHECK(book.add_note({ .page = kNoSuchPage, .before = 0, .count = 1 }).error().code == EPERM);
    CHECK_FALSE(std::filesystem::is_empty(folder));
}

TEST_CASE("loan book: where there is no folder there is nothing", "[core]")
{
    const LoanBook nowhere("/nowhere/at/all");

    CHECK(nowhere.settle() == 0);
    CHECK_FALSE(nowhere.add_note({ .page = kNoSuchPage, .before = 0, .count = 1 }));
}

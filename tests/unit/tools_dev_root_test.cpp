// SPDX-License-Identifier: MIT
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/support/child.h"
#include "tools/dmaheapd/dev_root.h"

using namespace dmaheap;
using namespace dmaheap::daemon;
using config::Heap;
using config::OnConflict;

namespace {

template <class Call>
std::string refusal(Call call)
{
    try {
        call();
    } catch (const std::runtime_error &error) {
        return error.what();
    }
    return "";
}

Heap heap_named(const std::string &name, OnConflict on_conflict = OnConflict::fail)
{
    Heap heap;
    heap.name = name;
    heap.on_conflict = on_conflict;
    return heap;
}

config::Ion ion_named(const std::string &name, OnConflict on_conflict = OnConflict::fail)
{
    config::Ion ion;
    ion.name = name;
    ion.on_conflict = on_conflict;
    return ion;
}

} // namespace

TEST_CASE("dev_root: a second daemon is refused, with the folder and what to do", "[tools]")
{
    const test::TempDir folder;
    const DevRootLock first(folder.path());

    const std::string why = refusal([&] { const DevRootLock second(folder.path()); });

    CHECK(why.find("another dmaheapd") != std::string::npos);
    CHECK(why.find(folder.path()) != std::string::npos);
    CHECK(why.find("--dev-root") != std::string::npos);
}

TEST_CASE("dev_root: the next daemon may have it, however the first one ended", "[tools]")
{
    const test::TempDir folder;
    {
        const DevRootLock first(folder.path());
    }
    {
        const test::Child killed([&](const test::Line &line) {
            const DevRootLock second(folder.path());
            line.say();
            return test::sleep_until_killed(line);
        });
        REQUIRE(killed.line().hear() == 0);
        CHECK_FALSE(refusal([&] { const DevRootLock third(folder.path()); }).empty());
    }

    CHECK(refusal([&] { const DevRootLock fourth(folder.path()); }).empty());
}

TEST_CASE("dev_root: other folders are other daemons' business", "[tools]")
{
    const test::TempDir one;
    const test::TempDir other;
    const DevRootLock first(one.path());

    CHECK(refusal([&] { const DevRootLock second(other.path()); }).empty());
}

TEST_CASE("dev_root: what is no folder is refused by name", "[tools]")
{
    const test::TempDir folder;
    const std::string file = folder.path() + "/file";
    std::ofstream(file) << "x";

    CHECK(refusal([] { const DevRootLock lock("/nowhere"); }) ==
          "dev-root /nowhere: No such file or directory");
    CHECK(refusal([&] { const DevRootLock lock(file); }) ==
          "dev-root " + file + ": Not a directory");
}

TEST_CASE("dev_root: a name that is taken is refused, unless the heap may be skipped", "[tools]")
{
    const test::TempDir folder;
    std::ofstream(folder.path() + "/taken") << "";
    const Heap free = heap_named("free");

    const auto kept =
        without_conflicts({ heap_named("taken", OnConflict::skip), free }, folder.path());
    const std::string why =
        refusal([&] { without_conflicts({ free, heap_named("taken") }, folder.path()); });

    REQUIRE(kept.size() == 1);
    CHECK(kept[0].name == "free");
    CHECK(without_conflicts({ heap_named("taken") }, folder.path(), { "taken" }).size() == 1);
    CHECK(why.find("heap taken: " + folder.path() + "/taken exists already") == 0);
    CHECK(why.find("on-conflict") != std::string::npos);
}

TEST_CASE("dev_root: an ION node whose name is taken is refused, unless it may be skipped",
          "[tools]")
{
    const auto frontend = GENERATE(config::Frontend::cuse, config::Frontend::fuse);
    const test::TempDir folder;
    std::ofstream(folder.path() + "/file") << "x";
    std::filesystem::create_symlink("/nowhere", folder.path() + "/link");
    std::filesystem::create_directory(folder.path() + "/folder");

    for (const char *const taken : { "file", "link", "folder" }) {
        const auto kept = without_conflicts(
            { ion_named(taken, OnConflict::skip), ion_named("free") }, folder.path(), frontend);
        const std::string why =
            refusal([&] { without_conflicts({ ion_named(taken) }, folder.path(), frontend); });

        REQUIRE(kept.size() == 1);
        CHECK(kept[0].name == "free");
        CHECK(why.find("ION node " + std::string(taken) + ": " + folder.path() + "/" + taken +
                       " exists already; give the node another name, or on-conflict") == 0);
    }
}

TEST_CASE("dev_root: an empty file is there for a mount of ION, but not for a device", "[tools]")
{
    const test::TempDir folder;
    std::ofstream(folder.path() + "/ion") << "";
    const auto kept = [&](config::Frontend frontend) {
        return without_conflicts({ ion_named("ion", OnConflict::skip) }, folder.path(), frontend)
            .size();
    };

    CHECK(kept(config::Frontend::fuse) == 1);
    CHECK(kept(config::Frontend::cuse) == 0);
}

TEST_CASE("dev_root: nothing is taken in a folder that is not there", "[tools]")
{
    CHECK(without_conflicts({ heap_named("a"), heap_named("b") }, "/nowhere").size() == 2);
}

TEST_CASE("dev_root: a mount must not hide anything", "[tools]")
{
    const test::TempDir folder;

    CHECK(refusal([&] { require_empty(folder.path()); }).empty());
    CHECK(refusal([] { require_empty("/nowhere"); }).empty());
    std::ofstream(folder.path() + "/system") << "";
    const std::string why = refusal([&] { require_empty(folder.path()); });

    CHECK(why.find(folder.path() + "/system") != std::string::npos);
    CHECK(why.find("--dev-root") != std::string::npos);
}

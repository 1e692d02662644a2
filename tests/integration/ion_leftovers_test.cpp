// SPDX-License-Identifier: MIT
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <sys/mount.h>
#include <sys/stat.h>

#include "tests/integration/scene.h"
#include "tests/support/catch.h"
#include "tests/support/combination.h"

using namespace dmaheap::test;
namespace fs = std::filesystem;

namespace {

/// A place for daemons that come one after another, with a node each of the names that it is told.
class Place {
public:
    Place() { fs::create_directory(root()); }
    Place(const Place &) = delete;
    Place &operator=(const Place &) = delete;
    ~Place()
    {
        if (!made_.empty())
            fs::remove(made_);
    }

    [[nodiscard]] std::string root() const { return folder_.path() + "/dev"; }
    [[nodiscard]] std::string node(const std::string &name) const
    {
        return (chosen().frontend == "cuse" ? "/dev" : root()) + '/' + name;
    }

    /// Each of the nodes also says `more`.
    [[nodiscard]] DaemonOptions options(const std::vector<std::string> &nodes,
                                        const std::string &more = "") const
    {
        const std::string file = folder_.path() + "/ion.toml";
        std::ofstream text(file);
        for (const std::string &node : nodes)
            text << "[ion." << node << "]\nheaps = { 0 = \"" << kHeap << "\" }\n" << more << '\n';
        text << "[heap." << kHeap << "]\n";
        return { .root = root(), .more = { "--config", file } };
    }

    /// Somebody else's, until its end.
    void take(const std::string &name, bool link)
    {
        made_ = node(name);
        if (link)
            fs::create_symlink("/nowhere", made_);
        else
            std::ofstream(made_) << "not ours";
    }

private:
    TempDir folder_;
    fs::path made_;
};

/// A mount whose daemon has been killed does, too, though nothing can be said of it.
bool exists(const std::string &path)
{
    std::error_code unanswered;
    return fs::symlink_status(path, unanswered).type() != fs::file_type::not_found;
}

void run_program(const std::string &node)
{
    const Ran ran = run({ victim("ion-modern"), node, "0" }, Deadline(std::chrono::seconds(60)));
    INFO(ran.output);
    CHECK(ran.outcome == exited(0));
}

std::string contents_of(const std::string &path)
{
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

} // namespace

TEST_CASE("ion: what a killed daemon has left is taken away by the next, with whatever nodes",
          "[ion][killed-daemon]")
{
    const std::vector<std::string> next =
        GENERATE(std::vector<std::string>{}, std::vector<std::string>{ "ion-one" },
                 std::vector<std::string>{ "ion-renamed" });
    const Place place;
    const std::string other = place.root() + "/other";
    ::close(::open(other.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0));
    {
        Daemon killed(place.options({ "ion-one", "ion-two" }));
        killed.stop(SIGKILL);
        REQUIRE((exists(place.node("ion-one")) || chosen().frontend == "cuse"));
    }

    Daemon daemon(place.options(next));

    CHECK_FALSE(exists(place.node("ion-two")));
    CHECK(exists(place.node("ion-one")) == (next == std::vector<std::string>{ "ion-one" }));
    for (const std::string &name : next)
        run_program(place.node(name));
    CHECK(daemon.stop() == exited(0));
    for (const char *name : { "ion-one", "ion-two", "ion-renamed" })
        CHECK_FALSE(exists(place.node(name)));
    CHECK(exists(other));
    CHECK(mounts_under(place.root()) == 0);
}

TEST_CASE("ion: a file on which there was no mount of ours stays, and so does what has changed",
          "[ion][killed-daemon]")
{
    if (chosen().frontend == "cuse")
        return;

    const Place place;
    const std::string given = place.node("ion-given");
    const std::string changed = place.node("ion-changed");
    std::ofstream(given) << "";
    {
        Daemon killed(place.options({ "ion-given", "ion-changed" }));
        killed.stop(SIGKILL);
    }
    REQUIRE(mounts_under(changed) == 1);
    // Without what is mounted within it.
    const TempDir bare;
    REQUIRE(::mount(place.root().c_str(), bare.path().c_str(), nullptr, MS_BIND, nullptr) == 0);
    std::ofstream(bare.path() + "/ion-changed") << "x";

    Daemon daemon(place.options({}));

    CHECK(exists(given));
    CHECK(contents_of(changed) == "x");
    CHECK(daemon.stop() == exited(0));
    CHECK(mounts_under(place.root()) == 0);
}

TEST_CASE("ion: a node whose name is taken can be skipped, and what is there is left alone",
          "[ion]")
{
    const bool link = GENERATE(false, true);
    Place place;
    place.take("ion-taken", link);
    struct stat before{};
    REQUIRE(::lstat(place.node("ion-taken").c_str(), &before) == 0);

    {
        Daemon daemon(
            place.options({ "ion-taken", "ion-free" }, "mode = \"0666\"\non-conflict = \"skip\""));
        CHECK(daemon.log().await_line(place.node("ion-taken") + " exists already; skipped"));
        run_program(place.node("ion-free"));
        CHECK(daemon.stop() == exited(0));
    }

    struct stat after{};
    REQUIRE(::lstat(place.node("ion-taken").c_str(), &after) == 0);
    CHECK(after.st_mode == before.st_mode);
    CHECK(after.st_ino == before.st_ino);
    if (!link)
        CHECK(contents_of(place.node("ion-taken")) == "not ours");
}

TEST_CASE("ion: a node whose name is taken keeps the daemon from starting", "[ion]")
{
    Place place;
    place.take("ion-taken", GENERATE(false, true));
    const auto options = place.options({ "ion-taken" });

    const Ran ran = run(daemon_command(options, place.root()));

    INFO(ran.output);
    CHECK(ran.outcome == exited(1));
    CHECK(ran.output.find("ION node ion-taken: " + place.node("ion-taken") +
                          " exists already; give the node another name, or on-conflict") !=
          std::string::npos);
    CHECK(mounts_under(place.root()) == 0);
    CHECK(exists(place.node("ion-taken")));
}

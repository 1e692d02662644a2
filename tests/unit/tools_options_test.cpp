// SPDX-License-Identifier: MIT
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <stdlib.h>

#include "tests/support/catch.h"
#include "tools/dmaheapd/config_file.h"
#include "tools/dmaheapd/config_keys.h"
#include "tools/dmaheapd/options.h"

using namespace dmaheap;
using config::Config;
using options::Options;

namespace {

constexpr const char *kNoFile = "/nowhere/dmaheapd.toml";

Options parse(std::vector<const char *> arguments, const std::string &default_file = kNoFile)
{
    arguments.insert(arguments.begin(), "dmaheapd");
    return options::parse(static_cast<int>(arguments.size()), arguments.data(), default_file);
}

std::string refusal(const std::vector<const char *> &arguments)
{
    try {
        parse(arguments);
    } catch (const config::Refused &refused) {
        return refused.what();
    }
    return "";
}

/// A config file that is gone at the end of the test.
class File {
public:
    explicit File(const char *text)
    {
        std::string folder = std::filesystem::temp_directory_path() / "dmaheapd-XXXXXX";
        REQUIRE(::mkdtemp(folder.data()));
        folder_ = folder;
        path_ = folder_ / "test.toml";
        std::ofstream(path_) << text;
    }
    File(const File &) = delete;
    File &operator=(const File &) = delete;
    ~File() { std::filesystem::remove_all(folder_); }

    [[nodiscard]] const char *path() const { return path_.c_str(); }

private:
    std::filesystem::path folder_;
    std::filesystem::path path_;
};

std::vector<std::string> names_of_heaps(const Config &config)
{
    std::vector<std::string> names;
    for (const auto &heap : config.heaps)
        names.push_back(heap.name);
    return names;
}

using Names = std::vector<std::string>;

} // namespace

TEST_CASE("options: without arguments and file, a system and a CMA heap are served", "[tools]")
{
    const Options options = parse({});

    CHECK_FALSE(options.answer);
    CHECK(options.file.empty());
    CHECK(names_of_heaps(options.config) == Names{ "system", "linux,cma" });
    CHECK(options.config.dev_root == "/dev");
}

TEST_CASE("options: a heap that is named takes the place of the built-in one", "[tools]")
{
    const File quiet("log-level = \"error\"\n");

    CHECK(names_of_heaps(parse({ "--heap", "camera" }).config) == Names{ "camera" });
    CHECK(names_of_heaps(parse({ "-c", quiet.path() }).config) == Names{ "system", "linux,cma" });
}

TEST_CASE("options: every setting of the command line arrives", "[tools]")
{
    const Options options =
        parse({ "--frontend=fuse", "--exporter", "buffer-file", "--delivery", "ptrace",
                "--dev-root", "/srv/x/../dev/", "--log-level", "trace", "--heap",
                "linux,cma=system,mode=0660", "--heap=system" });

    CHECK(options.config.frontend == config::Frontend::fuse);
    CHECK(options.config.exporter == config::Exporter::buffer_file);
    CHECK(options.config.delivery == config::Delivery::ptrace);
    CHECK(options.config.dev_root == "/srv/dev");
    CHECK(options.config.log_level == "trace");
    CHECK(names_of_heaps(options.config) == Names{ "linux,cma", "system" });
    CHECK(options.config.heaps[0].mode == 0660);
}

TEST_CASE("options: a relative dev-root starts at the working directory", "[tools]")
{
    const auto here = std::filesystem::current_path();

    CHECK(parse({ "--dev-root", "x/dev" }).config.dev_root == (here / "x/dev").string());
    CHECK(parse({ "--dev-root", "." }).config.dev_root == here.string());
    CHECK(parse({ "--dev-root", "/" }).config.dev_root == "/");
}

TEST_CASE("options: the default file is read if it exists, unless another is named", "[tools]")
{
    const File standard("[heap.standard]\n");
    const File other("[heap.other]\n");

    const Options by_default = parse({}, standard.path());
    const Options named = parse({ "--config", other.path() }, standard.path());

    CHECK(by_default.file == standard.path());
    CHECK(names_of_heaps(by_default.config) == Names{ "standard" });
    CHECK(named.file == other.path());
    CHECK(names_of_heaps(named.config) == Names{ "other" });
}

TEST_CASE("options: the command line is stronger than the file", "[tools]")
{
    const File file("frontend = \"cuse\"\nlog-level = \"error\"\n"
                    "[heap.b]\nmode = \"0666\"\nlimit = \"1M\"\n[heap.a]\n");

    const Config config = parse({ "-c", file.path(), "--frontend", "fuse", "--heap", "new",
                                  "--heap", "b=system,mode=0600" })
                              .config;

    CHECK(config.frontend == config::Frontend::fuse);
    CHECK(config.log_level == "error");
    REQUIRE(names_of_heaps(config) == Names{ "b", "a", "new" });
    CHECK(config.heaps[0].mode == 0600);
    CHECK_FALSE(config.heaps[0].limit);
}

TEST_CASE("options: a mistake is refused with the name of the option", "[tools]")
{
    using Arguments = std::vector<const char *>;
    const auto [arguments, expected] = GENERATE(table<Arguments, const char *>({
        { { "--fronted", "cuse" },
          "--fronted: unknown option (did you mean --frontend?); --help lists them" },
        { { "--colour=x" }, "--colour: unknown option; --help lists them" },
        { { "-x" }, "-x: unknown option; --help lists them" },
        { { "system" }, "\"system\": unexpected argument; --help tells the usage" },
        { { "--", "x" }, "\"x\": unexpected argument; --help tells the usage" },
        { { "--heap", "a", "b" }, "\"b\": unexpected argument; --help tells the usage" },
        { { "--frontend" }, "--frontend: needs exactly one value" },
        { { "--frontend", "cuse", "--frontend", "fuse" }, "--frontend: needs exactly one value" },
        { { "--heap" }, "--heap: needs exactly one value" },
        { { "-c" }, "--config: needs exactly one value" },
        { { "--heap", "-h" }, "--heap: needs exactly one value" },
        { { "-c", "--check-config" }, "--config: needs exactly one value" },
        { { "--heap", "--check-config" }, "--heap: needs exactly one value" },
        { { "--heap", "a", "--heap", "--" }, "--heap: needs exactly one value" },
        { { "--heap=", "--check-config" }, "--heap: needs exactly one value" },
        { { "--control=", "--check-config" }, "--control: needs exactly one value" },
        { { "--frontend", "" }, "--frontend: \"\" is none of: auto, cuse, fuse" },
        { { "--frontend", "x" }, "--frontend: \"x\" is none of: auto, cuse, fuse" },
        { { "--log-level", "warn" },
          "--log-level: \"warn\" is none of: trace, debug, info, "
          "warning, error, off (did you mean warning?)" },
        { { "--dev-root", "" }, "--dev-root: \"\" is not an absolute path, such as \"/dev\"" },
        { { "--heap", "" },
          "--heap: \"\": the name \"\" is empty: a heap needs a name; the form "
          "is NAME[=POLICY[,KEY=VALUE]...]" },
        { { "--heap", "a", "--heap", "a=system" }, "--heap: \"a\" is given twice" },
        { { "-c", "/nowhere/x" }, "/nowhere/x: cannot be read: No such file or directory" },
        { { "-c", "" }, "\"\": cannot be read: No such file or directory" },
        { { "--frontend", "cuse", "--dev-root", "/x" },
          "--dev-root: frontend cuse makes nodes in /dev only, not in \"/x\": use frontend fuse" },
    }));

    CHECK(refusal(arguments) == expected);
    CHECK(refusal(arguments).find('\n') == std::string::npos);
}

TEST_CASE("options: a contradiction within the file names the file", "[tools]")
{
    const File file("frontend = \"cuse\"\ndev-root = \"/x\"\n");

    CHECK(refusal({ "-c", file.path() }) ==
          std::string(file.path()) + ": dev-root: frontend cuse makes nodes in /dev only, not in "
                                     "\"/x\": use frontend fuse");
    CHECK(refusal({ "-c", file.path(), "--frontend", "fuse" }).empty());
}

TEST_CASE("options: --check-config answers with the file, or refuses it", "[tools]")
{
    const File good("[heap.a]\n");
    const File bad("\n[heap.a]\nmode = \"9\"\n");

    CHECK(parse({ "--check-config", "-c", good.path() }).answer ==
          std::string(good.path()) + ": ok\n");
    CHECK(parse({ "--check-config" }).answer == "built-in defaults: ok\n");
    CHECK_THAT(refusal({ "--check-config", "-c", bad.path() }),
               Catch::Matchers::StartsWith(std::string(bad.path()) + ":3:8: heap.a.mode: "));
}

TEST_CASE("options: --print-config answers with what reads back to the same", "[tools]")
{
    const File file("frontend = \"fuse\"\n[heap.b]\nmode = \"0666\"\n");

    const Options options =
        parse({ "-c", file.path(), "--print-config", "--heap", "linux,cma=system,limit=5000" });

    REQUIRE(options.answer);
    CHECK(config::from_toml(*options.answer, "printed") == options.config);
}

TEST_CASE("options: --help and --version answer, whatever else is there", "[tools]")
{
    const std::string help = parse({ "--help", "-c", "/nowhere/x" }).answer.value_or("");

    CHECK(parse({ "--version" }).answer == "dmaheapd " DMAHEAPD_VERSION "\n");
    CHECK(parse({ "-h" }).answer == help);
    for (const auto name : config::names_of(config::daemon_keys()))
        CHECK(help.contains("--" + std::string(name)));
    for (const auto name : config::names_of(config::heap_keys().subspan(1)))
        CHECK(help.contains("  " + std::string(name) + '='));
}

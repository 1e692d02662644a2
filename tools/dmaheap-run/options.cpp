// SPDX-License-Identifier: MIT
#include "tools/dmaheap-run/options.h"

#include <algorithm>
#include <map>
#include <span>
#include <string_view>

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "tools/dmaheapd/options.h"
#include "tools/missing_value.h"

namespace dmaheap::run {

namespace {

using config::Refused;

constexpr const char *kPurpose =
    "dmaheap-run runs a command with /dev/dma_heap/NAME device nodes of its own. It takes no "
    "root,\n"
    "nothing has to be installed or started, and nothing is left when the command has ended.";

constexpr const char *kUsage = "; usage: dmaheap-run [OPTIONS] -- COMMAND [ARG...]";

constexpr const char *kExamples = R"(
Without -c and --heap, the heaps "system" and "linux,cma" are served, the latter under the names
"reserved" and "default_cma_region" too. SPEC is as in dmaheapd --help.

Examples:
  dmaheap-run -- ./my_camera_test
      Run a program with /dev/dma_heap/system.
  dmaheap-run --heap linux,cma --heap system=system,limit=64MiB -- ./my_camera_test --frames 10
      Run it with two heaps, one of them small.
  dmaheap-run -- gdb ./my_camera_test
      Debug it; allocations work under gdb and strace.
  dmaheap-run --attach -- strace ./my_camera_test
      The same with the nodes of the running system daemon (as whoever may open them).

Exit status: that of the command, 128 + N when signal N ended it; 126 when it could not be
executed, 127 when it was not found; 2 for wrong usage and when this machine lacks something.
See dmaheap-run(1).
)";

const std::map<std::string, Delivery> kDeliveries{ { "auto", Delivery::automatic },
                                                   { "seccomp", Delivery::seccomp },
                                                   { "ptrace", Delivery::ptrace } };

/// The arguments as they were typed.
struct Typed {
    std::string file;
    std::vector<std::string> heaps;
    std::string delivery = "auto";
    std::string log_level = "warning";
    std::string ion;
    bool attach = false;
    bool keep_dev = false;
};

void describe(CLI::App &app, Typed &typed)
{
    app.add_option("-c,--config", typed.file, "config file of the heaps, see dmaheapd.toml(5)")
        ->type_name("FILE");
    app.add_option("--heap", typed.heaps, "a heap; replaces that of the file; repeat it for more")
        ->type_name("SPEC")
        ->allow_extra_args(false);
    app.add_option("--delivery", typed.delivery, "how buffers get into the program")
        ->type_name("auto|seccomp|ptrace");
    app.add_option(
           "--ion", typed.ion,
           "make /dev/ion, too, with that interface: ids 0 system, 4 linux,cma, 5 on others")
        ->type_name("modern|legacy");
    app.add_flag("--keep-dev", typed.keep_dev,
                 "leave /dev as it is, and mount over /dev/dma_heap (and ion), which must exist");
    app.add_flag("--attach", typed.attach,
                 "use the nodes that are in /dev/dma_heap, and only add the delivery");
    app.add_option("--log-level", typed.log_level, "of the private daemon, on stderr")
        ->type_name("LEVEL");
    app.set_version_flag("--version", "dmaheap-run " DMAHEAPD_VERSION, "print the version");
    app.set_help_flag("-h,--help", "print this and exit");
    app.footer(kExamples);
}

/// CLI11 does not know of the command.
std::string help(const CLI::App &app)
{
    constexpr std::string_view kOptions = "[OPTIONS]";
    std::string text = app.help();
    if (const auto at = text.find(kOptions); at != std::string::npos)
        text.insert(at + kOptions.size(), " -- COMMAND [ARG...]");
    return text;
}

std::optional<std::string> read_arguments(CLI::App &app, std::span<const char *const> arguments)
{
    try {
        require_values(app, arguments);
        app.parse(static_cast<int>(arguments.size()), arguments.data());
    } catch (const CLI::CallForHelp &) {
        return help(app);
    } catch (const CLI::CallForVersion &) {
        return app.version() + '\n';
    } catch (const CLI::ExtrasError &error) {
        const auto extras = app.remaining();
        const auto word = std::ranges::find_if(
            extras, [](const std::string &each) { return !each.starts_with('-'); });
        throw Refused(word == extras.end()
                          ? std::string(error.what()) + kUsage
                          : '"' + *word + "\" is no option; the command comes after --" + kUsage);
    } catch (const CLI::ParseError &error) {
        throw Refused(std::string(error.what()) + kUsage);
    }
    return std::nullopt;
}

config::IonAbi abi_of(const std::string &text)
{
    if (text != "modern" && text != "legacy")
        throw Refused("--ion: \"" + text + "\" is none of modern, legacy");
    return text == "modern" ? config::IonAbi::modern : config::IonAbi::legacy;
}

/// The ids that programs expect; further heaps follow them.
unsigned ion_id(const std::string &heap, unsigned &next)
{
    constexpr unsigned kSystem = 0;
    constexpr unsigned kDma = 4;
    if (heap == "system")
        return kSystem;
    return heap == "linux,cma" ? kDma : next++;
}

/// All heaps under /dev/ion, where the file does not say which.
void set_ion(config::Config &config, config::IonAbi abi)
{
    constexpr unsigned kFirstFree = 5;
    constexpr unsigned kIds = 32;
    for (config::Ion &ion : config.ion)
        ion.abi = abi;
    if (!config.ion.empty())
        return;

    unsigned next = kFirstFree;
    config::Ion &ion = config.ion.emplace_back();
    ion.abi = abi;
    for (const config::Heap &heap : config.heaps)
        if (next < kIds)
            ion.heaps.push_back({ .id = ion_id(heap.name, next),
                                  .heap = heap.name,
                                  .type = std::nullopt,
                                  .name = std::nullopt,
                                  .place = {} });
}

/// Nobody has asked for physically contiguous memory, and no driver will: no warning that there is
/// none.
void expect_emulation(config::Config &config)
{
    for (config::Heap &heap : config.heaps)
        if (heap.policy == "contiguous")
            heap.contiguity = config::Contiguity::emulated;
}

/// What the private daemon would be told on its command line.
config::Config private_config(const CLI::App &app, const Typed &typed)
{
    std::vector<std::string> words{ "dmaheapd",      "--frontend", "fuse",
                                    "--dev-root",    "/dev",       "--log-level",
                                    typed.log_level, "--control",  "none" };
    if (app.count("--config") > 0)
        words.insert(words.end(), { "--config", typed.file });
    for (const std::string &heap : typed.heaps)
        words.insert(words.end(), { "--heap", heap });

    std::vector<const char *> arguments;
    arguments.reserve(words.size());
    for (const std::string &word : words)
        arguments.push_back(word.c_str());
    auto config = options::parse(static_cast<int>(arguments.size()), arguments.data(), "").config;
    if (typed.file.empty() && typed.heaps.empty())
        expect_emulation(config);
    if (!typed.ion.empty())
        set_ion(config, abi_of(typed.ion));
    // There may be no other account in here.
    for (config::Heap &heap : config.heaps)
        heap.owner = std::to_string(::geteuid()), heap.group = std::to_string(::getegid());
    for (config::Ion &ion : config.ion)
        ion.owner = std::to_string(::geteuid()), ion.group = std::to_string(::getegid());
    return config;
}

Delivery delivery_of(const Typed &typed)
{
    const auto found = kDeliveries.find(typed.delivery);
    if (found == kDeliveries.end())
        throw Refused("--delivery: \"" + typed.delivery + "\" is none of auto, seccomp, ptrace");
    return found->second;
}

void check_together(const CLI::App &app, const Options &options)
{
    if (!options.attach)
        return;
    for (const char *other : { "--config", "--heap", "--ion", "--keep-dev" })
        if (app.count(other) > 0)
            throw Refused(std::string("--attach uses the nodes that are there: not with ") + other);
    if (options.delivery == Delivery::ptrace)
        throw Refused("--attach adds the seccomp delivery: not with --delivery ptrace");
}

} // namespace

Options parse(int argc, const char *const *argv)
{
    const std::span<const char *const> all(argv, static_cast<std::size_t>(argc));
    const auto *const separator =
        std::find(all.data(), all.data() + all.size(), std::string_view("--"));
    const auto before = static_cast<std::size_t>(separator - all.data());

    CLI::App app(kPurpose, "dmaheap-run");
    Typed typed;
    describe(app, typed);
    Options options;
    options.answer = read_arguments(app, all.first(before));
    if (options.answer)
        return options;

    options.attach = typed.attach;
    options.keep_dev = typed.keep_dev;
    options.delivery = delivery_of(typed);
    check_together(app, options);
    options.config = private_config(app, typed);
    if (before + 1 >= all.size())
        throw Refused(std::string("no command") + kUsage);
    options.command.assign(all.begin() + static_cast<std::ptrdiff_t>(before) + 1, all.end());
    return options;
}

} // namespace dmaheap::run

// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/options.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <sstream>
#include <vector>

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "tools/dmaheapd/config_file.h"
#include "tools/dmaheapd/config_keys.h"
#include "tools/dmaheapd/config_text.h"
#include "tools/dmaheapd/heap_spec.h"
#include "tools/dmaheapd/ion_tables.h"
#include "tools/dmaheapd/memory_rules.h"
#include "tools/missing_value.h"

namespace dmaheap::options {

namespace {

using config::Config;
using config::Heap;
using config::Key;
using config::Refused;

constexpr const char *kPurpose =
    "dmaheapd serves /dev/dma_heap/NAME device nodes from user space. Programs written for the\n"
    "kernel's dma-buf heaps open them and get real buffers, without being rebuilt.";

constexpr const char *kServed = "What is served";
constexpr const char *kHow = "How it is served (overrides the config file)";
constexpr const char *kAsking = "To check and to learn";

constexpr const char *kExamples =
    R"(Without a config file and without --heap, the heaps "system" and "linux,cma" are served.

Examples:
  dmaheapd --frontend fuse --dev-root /tmp/dev
      Try it out away from /dev (as root): programs find /tmp/dev/dma_heap/system.
  dmaheapd --dev-root /srv/guest/dev
      Serve programs that run with another root, /srv/guest.
  dmaheapd --heap system=system,mode=0660,group=video \
           --heap linux,cma=system,mode=0660,group=video
      Two heaps that members of the group "video" may use; names may hold commas.
  dmaheapd --heap camera=system,limit=256MiB
      A heap that never has more than 256 MiB of live buffers.
  dmaheapd -c board.toml --log-level debug
      Serve what a file describes, and say more about it.
  dmaheapd -c board.toml --check-config
      Only check the file. Status 0: it is good. Status 2: file, line and key are named.

See dmaheapd(8) and dmaheapd.toml(5).
)";

/// The arguments as they were typed.
struct Typed {
    std::string file;
    std::vector<std::string> heaps;
    std::vector<std::string> settings; ///< one per daemon key, in the table's order
    bool check = false;
    bool print = false;
};

std::string footer()
{
    std::ostringstream text;
    text << "\nSPEC is NAME[=POLICY[,KEY=VALUE]...]; POLICY is \"system\" when left away. Keys:\n";
    for (const Key<Heap> &key : config::heap_keys().subspan(1)) {
        const std::string usage = std::string(key.name).append("=").append(key.form);
        text << "  " << usage << std::string(30 - usage.size(), ' ') << key.help << '\n';
    }
    text << '\n' << kExamples;
    return text.str();
}

/// In the order in which --help shows them.
void describe(CLI::App &app, Typed &typed)
{
    app.add_option("-c,--config", typed.file, "config file; /etc/dmaheapd.toml if it exists")
        ->type_name("FILE")
        ->group(kServed);
    app.add_option("--heap", typed.heaps, "a heap; replaces that of the file; repeat it for more")
        ->type_name("SPEC")
        ->allow_extra_args(false)
        ->group(kServed);

    const auto keys = config::daemon_keys();
    typed.settings.resize(keys.size());
    for (std::size_t index = 0; index < keys.size(); ++index)
        app.add_option("--" + std::string(keys[index].name), typed.settings[index],
                       std::string(keys[index].help))
            ->type_name(std::string(keys[index].form))
            ->group(kHow);

    app.add_flag("--check-config", typed.check, "check the config and exit")->group(kAsking);
    app.add_flag("--print-config", typed.print, "check, print the effective config and exit")
        ->group(kAsking);
    app.set_version_flag("--version", "dmaheapd " DMAHEAPD_VERSION, "print the version and exit")
        ->group(kAsking);
    app.set_help_flag("-h,--help", "print this and exit")->group(kAsking);
}

[[noreturn]] void refuse_unexpected(const std::string &argument, const CLI::App &app)
{
    std::vector<std::string> names;
    for (const auto *option : app.get_options())
        names.push_back("--" + option->get_single_name());
    const std::vector<std::string_view> words(names.begin(), names.end());
    const std::string typed = argument.substr(0, argument.find('='));

    throw Refused(typed.starts_with('-')
                      ? config::shown(typed) + ": unknown option" +
                            config::suggestion(typed, words) + "; --help lists them"
                      : config::in_quotes(argument) +
                            ": unexpected argument; --help tells the usage");
}

/// Fills in what was typed; text when that asks for nothing but help or the version.
std::optional<std::string> read_arguments(CLI::App &app, int argc, const char *const *argv)
{
    try {
        require_values(app, { argv, static_cast<std::size_t>(argc) });
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp &) {
        return app.help();
    } catch (const CLI::CallForVersion &) {
        return app.version() + '\n';
    } catch (const CLI::ArgumentMismatch &error) {
        const std::string_view text = error.what(); // "--option: ..."
        throw Refused(std::string(text.substr(0, text.find(':'))) + ": needs exactly one value");
    } catch (const CLI::ParseError &error) {
        throw Refused(error.what());
    }
    auto unexpected = app.remaining();
    std::erase(unexpected, "--");
    if (!unexpected.empty())
        refuse_unexpected(unexpected.front(), app);

    return std::nullopt;
}

/// The file that is to be read: the one named, or the default one where it exists, or none.
std::string file_to_read(const CLI::App &app, const Typed &typed, const std::string &default_file)
{
    if (app.count("--config") > 0)
        return typed.file;

    return ::access(default_file.c_str(), F_OK) == 0 || errno != ENOENT ? default_file : "";
}

/// In a shell, a path starts where one stands.
std::string as_meant(std::string_view key, const std::string &text)
{
    const bool is_path = key == "dev-root" || (key == "control" && text != "none");
    if (!is_path || text.empty())
        return text;

    return std::filesystem::absolute(text).string();
}

void lay_settings_over(Config &config, const CLI::App &app, const Typed &typed)
{
    const auto keys = config::daemon_keys();
    for (std::size_t index = 0; index < keys.size(); ++index) {
        const std::string option = "--" + std::string(keys[index].name);
        if (app.count(option) == 0)
            continue;

        const auto text = as_meant(keys[index].name, typed.settings[index]);
        if (const auto accepted = keys[index].set(config, text); !accepted)
            throw Refused(option + ": " + accepted.error());
    }
}

/// The file no longer says what this heap is.
void forget_origins(Config &config, const Heap &heap)
{
    const std::string table = config::name_of_table(heap);
    std::erase_if(config.origins.places, [&](const auto &origin) {
        return origin.first == table || origin.first.starts_with(table + ".");
    });
}

void lay_heaps_over(Config &config, const Typed &typed)
{
    std::vector<std::string> given;
    for (const auto &spec : typed.heaps) {
        Heap heap = config::parse_heap_spec(spec);
        if (std::ranges::find(given, heap.name) != given.end())
            throw Refused("--heap: " + config::in_quotes(heap.name) + " is given twice");

        given.push_back(heap.name);
        forget_origins(config, heap);
        const auto same = std::ranges::find(config.heaps, heap.name, &Heap::name);
        if (same == config.heaps.end())
            config.heaps.push_back(std::move(heap));
        else
            *same = std::move(heap);
    }
}

/// Who said it last, for a refusal of what file and command line say together.
std::string origin(const CLI::App &app, const std::string &file)
{
    for (const char *option : { "--dev-root", "--frontend" })
        if (app.count(option) > 0)
            return option;
    return config::shown(file) + ": dev-root";
}

void check_together(const Options &options, const CLI::App &app)
{
    const Config &config = options.config;
    if (config.frontend == config::Frontend::cuse && config.dev_root != "/dev")
        throw Refused(origin(app, options.file) +
                      ": frontend cuse makes nodes in /dev only, not in " +
                      config::in_quotes(config.dev_root) + ": use frontend fuse");
    config::check_ion(config);
    config::check_memory(config);
}

std::optional<std::string> answer(const Options &options, const Typed &typed)
{
    if (typed.print)
        return config::to_toml(options.config);
    if (typed.check)
        return (options.file.empty() ? "built-in defaults" : config::shown(options.file)) +
               ": ok\n";

    return std::nullopt;
}

} // namespace

Options parse(int argc, const char *const *argv, const std::string &default_file)
{
    CLI::App app(kPurpose, "dmaheapd");
    Typed typed;
    describe(app, typed);
    app.footer(footer());
    app.allow_extras(); // so that refuse_unexpected() can suggest
    if (auto text = read_arguments(app, argc, argv))
        return { .config = {}, .file = {}, .answer = std::move(text) };

    Options options;
    options.file = file_to_read(app, typed, default_file);
    if (!options.file.empty() || app.count("--config") > 0)
        options.config = config::read_file(options.file);
    lay_settings_over(options.config, app, typed);
    lay_heaps_over(options.config, typed);
    if (options.config.heaps.empty())
        options.config.heaps = config::default_heaps();
    check_together(options, app);

    options.answer = answer(options, typed);
    return options;
}

} // namespace dmaheap::options

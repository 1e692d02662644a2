// SPDX-License-Identifier: MIT
#include "tools/dmaheapctl/options.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "core/size.h"
#include "tools/control/errno_names.h"
#include "tools/missing_value.h"

namespace dmaheap::ctl {

namespace {

using control::Json;

/// What was typed behind the subcommands.
struct Typed {
    std::string heap;
    std::uint64_t process = 0;
    std::uint64_t user = 0;
    bool holders = false;
    std::vector<std::string> limits;
    std::string code;
    std::optional<std::uint64_t> count;
    double probability = 1;
    std::uint64_t delay = 0;
};

constexpr std::int64_t kHighestProcess = std::int64_t{ 1 } << 22; // PID_MAX_LIMIT of the kernel
constexpr std::int64_t kHighestUser = 0xfffffffe;                 // the one above is no user
constexpr std::array kLimits{ "limit", "limit-per-uid", "limit-per-process", "max-buffer" };

constexpr const char *kFooter =
    "Examples:\n"
    "  dmaheapctl buffers --heap camera --holders\n"
    "  dmaheapctl limits set --heap camera limit-per-uid=64MiB max-buffer=none\n"
    "  dmaheapctl faults set camera --errno ENOMEM --count 3\n"
    "Exit status: 0, 1 (no daemon, refused, could not write), 2 (usage).\n";

void ask(Options &options, const char *view, const char *command, Json arguments = Json::object())
{
    options.view = view;
    options.request = { .command = command, .arguments = std::move(arguments) };
}

CLI::App *add(CLI::App &app, const char *name, const char *help)
{
    CLI::App *const command = app.add_subcommand(name, help);
    command->fallthrough();
    return command;
}

void add_plain(CLI::App &app, Options &options, const char *name, const char *help)
{
    add(app, name, help)->callback([&options, name] { ask(options, name, name); });
}

void add_regions(CLI::App &app, Options &options)
{
    CLI::App *const command = add(app, "regions", "memory that is set aside, and what is in use");
    command->add_option("--svg", options.svg, "draw the map into this file too")->type_name("FILE");
    command->callback([&options] { ask(options, "regions", "regions"); });
}

void add_buffers(CLI::App &app, Options &options, Typed &typed)
{
    CLI::App *const command = add(app, "buffers", "every live buffer, and who asked for it");
    command->add_option("--heap", typed.heap, "of this heap only")->type_name("NAME");
    command->add_option("--pid", typed.process, "that this process asked for")
        ->type_name("PID")
        ->check(CLI::Range(std::int64_t{ 1 }, kHighestProcess));
    command->add_option("--uid", typed.user, "that this user asked for")
        ->type_name("UID")
        ->check(CLI::Range(std::int64_t{ 0 }, kHighestUser));
    command->add_flag("--holders", typed.holders, "and who holds it now");
    command->callback([&options, &typed, command] {
        Json arguments = Json::object();
        if (command->count("--heap") > 0)
            arguments["heap"] = typed.heap;
        if (command->count("--pid") > 0)
            arguments["pid"] = typed.process;
        if (command->count("--uid") > 0)
            arguments["uid"] = typed.user;
        if (typed.holders)
            arguments["holders"] = true;
        ask(options, "buffers", "buffers", std::move(arguments));
    });
}

/// For CLI11: what is wrong with it, "" if nothing is.
std::string why_no_count(const std::string &text)
{
    const bool is_number = text.find_first_not_of("0123456789") == std::string::npos;
    return is_number && !text.empty() && !text.starts_with('0') // which would mean octal
               ? ""
               : '"' + text + "\" is no whole number from 1 on";
}

void add_top(CLI::App &app, Options &options)
{
    CLI::App *const command = add(app, "top", "who uses most, again and again");
    command->add_option("-d,--delay", options.interval, "seconds between two looks")
        ->type_name("SECONDS")
        ->check(CLI::Range(0.1, 3600.0));
    command->add_option("-n,--iterations", options.rounds, "end after so many looks")
        ->type_name("COUNT")
        ->check(why_no_count);
    command->callback([&options] { ask(options, "top", "usage"); });
}

/// KEY=SIZE or KEY=none.
void read_limit(const std::string &text, Json &arguments)
{
    const std::size_t equals = text.find('=');
    const std::string key = text.substr(0, equals);
    if (equals == std::string::npos || std::ranges::find(kLimits, key) == kLimits.end())
        throw Refused("limits set: \"" + text +
                      "\" is none of limit=SIZE, limit-per-uid=SIZE, "
                      "limit-per-process=SIZE, max-buffer=SIZE");

    if (arguments.contains(key))
        throw Refused("limits set: " + key + " is given twice");

    const std::string value = text.substr(equals + 1);
    const auto size = parse_size(value);
    if (value != "none" && (!size || *size == 0))
        throw Refused("limits set: " + key + ": \"" + value +
                      "\" is neither a size such as \"64MiB\" nor \"none\"");
    arguments[key] = value == "none" ? Json(nullptr) : Json(*size);
}

void add_limits(CLI::App &app, Options &options, Typed &typed)
{
    CLI::App *const command =
        add(app, "limits", "show the limits, or set them until the daemon ends");
    CLI::App *const set = add(*command, "set", "KEY=SIZE, or KEY=none to take a limit away");
    set->add_option("--heap", typed.heap, "of this heap; else of all together")->type_name("NAME");
    set->add_option("limits", typed.limits, "limit, limit-per-uid, limit-per-process, max-buffer")
        ->type_name("KEY=SIZE")
        ->required();
    command->callback([&options, &typed, set] {
        if (!set->parsed())
            return ask(options, "limits", "limits");

        Json arguments = Json::object();
        if (set->count("--heap") > 0)
            arguments["heap"] = typed.heap;
        for (const std::string &limit : typed.limits)
            read_limit(limit, arguments);
        ask(options, "set-limits", "set-limits", std::move(arguments));
    });
}

void describe_fault(CLI::App &set, Typed &typed)
{
    set.add_option("heap", typed.heap, "whose allocations")->type_name("HEAP")->required();
    set.add_option("--errno", typed.code, "what they fail with, such as ENOMEM")
        ->type_name("ERRNO");
    set.add_option("--count", typed.count, "the next so many; all when left away")
        ->type_name("COUNT")
        ->check(why_no_count);
    set.add_option("--probability", typed.probability, "of each of them to fail; 1 when left away")
        ->type_name("0..1")
        ->check(CLI::Range(0.0, 1.0))
        ->check([](const std::string &text) { // which CLI::Range takes for one
            return text.find_first_of("nN") == std::string::npos ? "" : text + " is no number";
        });
    set.add_option("--delay", typed.delay, "before each of them")
        ->type_name("MILLISECONDS")
        ->check(CLI::Range(std::uint64_t{ 0 }, std::uint64_t{ 10'000 }));
}

Json fault_of(const Typed &typed)
{
    if (typed.code.empty() && typed.delay == 0)
        throw Refused("faults set: say what is to happen: --errno ERRNO, --delay MILLISECONDS");
    if (!typed.code.empty() && !control::errno_of(typed.code))
        throw Refused("faults set: \"" + typed.code + "\" is no errno, such as ENOMEM");

    Json arguments{ { "heap", typed.heap },
                    { "probability", typed.probability },
                    { "delay-ms", typed.delay } };
    if (!typed.code.empty())
        arguments["errno"] = typed.code;
    if (typed.count)
        arguments["count"] = *typed.count;
    return arguments;
}

void add_faults(CLI::App &app, Options &options, Typed &typed)
{
    CLI::App *const command = add(app, "faults", "make allocations fail, to see who can take it");
    CLI::App *const set = add(*command, "set", "from the next allocation on");
    describe_fault(*set, typed);
    CLI::App *const clear = add(*command, "clear", "no further faults");
    clear->add_option("heap", typed.heap, "of this heap")->type_name("HEAP")->required();
    command->callback([&options, &typed, set, clear] {
        if (set->parsed())
            ask(options, "set-faults", "set-faults", fault_of(typed));
        else if (clear->parsed())
            ask(options, "set-faults", "set-faults", Json::object({ { "heap", typed.heap } }));
        else
            ask(options, "faults", "faults");
    });
}

void describe(CLI::App &app, Options &options, Typed &typed)
{
    app.add_option("--control", options.socket, "the daemon's socket")
        ->type_name("PATH")
        ->take_last()
        ->capture_default_str();
    app.add_flag("--json", options.json, "the answer as JSON, for programs");
    app.set_version_flag("--version", "dmaheapctl " DMAHEAPD_VERSION, "print the version and exit");
    app.set_help_flag("-h,--help", "print this and exit");
    app.require_subcommand(0, 1);
    app.allow_extras(); // so that refuse_unexpected() can say what is wrong
    app.footer(kFooter);

    add_plain(app, options, "status", "what the daemon is made of");
    add_plain(app, options, "heaps", "the heaps, and how much of them is in use");
    add_regions(app, options);
    add_buffers(app, options, typed);
    add_top(app, options);
    add_limits(app, options, typed);
    add_faults(app, options, typed);
    add(app, "metrics", "counters as OpenMetrics text")->callback([&options] {
        ask(options, "metrics", "heaps");
    });
}

[[noreturn]] void refuse_unexpected(const CLI::App &app)
{
    const auto unexpected = app.remaining(true);
    if (!app.get_subcommands().empty())
        throw Refused('"' + unexpected.front() + "\": unexpected; --help tells the usage");

    std::string commands;
    for (const CLI::App *const command : app.get_subcommands({}))
        commands.append(commands.empty() ? "" : ", ").append(command->get_name());
    const std::string what = unexpected.empty() ? "a command is missing"
                                                : '"' + unexpected.front() + "\": no such command";
    throw Refused(what + "; there are: " + commands);
}

} // namespace

Options parse(int argc, const char *const *argv)
{
    CLI::App app("Shows and changes what dmaheapd does.", "dmaheapctl");
    Options options;
    Typed typed;
    describe(app, options, typed);
    try {
        require_values(app, { argv, static_cast<std::size_t>(argc) });
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp &) {
        options.text = app.help(); // of the subcommand, if there is one
    } catch (const CLI::CallForVersion &) {
        options.text = app.version() + '\n';
    } catch (const CLI::RequiredError &error) {
        throw Refused(std::string(error.what()) + "; --help behind the command tells the usage");
    } catch (const CLI::ParseError &error) {
        throw Refused(error.what());
    }
    if (!options.text && (app.get_subcommands().empty() || !app.remaining(true).empty()))
        refuse_unexpected(app);
    if (options.json && options.view == "top")
        throw Refused("top has no --json: ask for \"metrics --json\" or \"buffers --json\"");

    return options;
}

} // namespace dmaheap::ctl

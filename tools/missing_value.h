// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

namespace dmaheap {

/// The option of that name that takes a value, of the program or of one of its commands.
inline const CLI::Option *option_with_value(const CLI::App &app, const std::string &name)
{
    if (const CLI::Option *const own = app.get_option_no_throw(name))
        return own->get_items_expected_min() > 0 ? own : nullptr;

    for (const CLI::App *const command : app.get_subcommands({}))
        if (const CLI::Option *const found = option_with_value(*command, name))
            return found;
    return nullptr;
}

/// The first option that has no value, "" when each has one. To be asked before CLI11 parses: it
/// takes the next argument for the value, which may be an option that was meant as such, and does
/// so after "--option=", too. `arguments` begins with the program's name.
inline std::string option_without_value(const CLI::App &app, std::span<const char *const> arguments)
{
    for (std::size_t at = 1; at < arguments.size(); ++at) {
        const std::string_view argument = arguments[at];
        if (argument == "--")
            break;

        const bool is_empty =
            argument.starts_with("--") && argument.find('=') == argument.size() - 1;
        const std::string name(argument.substr(0, argument.size() - (is_empty ? 1 : 0)));
        const CLI::Option *const option =
            name.starts_with('-') ? option_with_value(app, name) : nullptr;
        if (!option)
            continue;
        if (is_empty || at + 1 == arguments.size() ||
            std::string_view(arguments[at + 1]).starts_with("--"))
            return option->get_name();

        ++at; // the value
    }
    return "";
}

} // namespace dmaheap

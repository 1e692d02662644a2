// SPDX-License-Identifier: MIT
#include "tools/missing_value.h"

#include <cstddef>
#include <string_view>
#include <vector>

namespace dmaheap {

namespace {

/// None for words that are no option's name: CLI11 has names for those that belong to no option.
const CLI::Option *find_option(const CLI::App &app, const std::string &name)
{
    if (!name.starts_with('-'))
        return nullptr;

    std::vector<const CLI::App *> apps{ &app };
    for (std::size_t at = 0; at < apps.size(); ++at) {
        if (const CLI::Option *const own = apps[at]->get_option_no_throw(name))
            return own;

        for (const CLI::App *const command : apps[at]->get_subcommands({}))
            apps.push_back(command);
    }
    return nullptr;
}

bool takes_value(const CLI::Option *option)
{
    return option && option->get_items_expected_min() > 0;
}

/// "--option" of "--option=", else "".
std::string name_before_nothing(std::string_view argument)
{
    return argument.starts_with("--") && argument.find('=') == argument.size() - 1
               ? std::string(argument.substr(0, argument.size() - 1))
               : "";
}

} // namespace

std::string option_without_value(const CLI::App &app, std::span<const char *const> arguments)
{
    for (std::size_t at = 1; at < arguments.size(); ++at) {
        if (const auto *const empty = find_option(app, name_before_nothing(arguments[at]));
            takes_value(empty))
            return empty->get_name();

        const CLI::Option *const option = find_option(app, arguments[at]);
        if (!takes_value(option))
            continue;
        ++at; // the value
        if (at == arguments.size() || std::string_view(arguments[at]).starts_with("--") ||
            find_option(app, arguments[at]))
            return option->get_name();
    }
    return "";
}

} // namespace dmaheap

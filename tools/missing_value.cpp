// SPDX-License-Identifier: MIT
#include "tools/missing_value.h"

#include <cstddef>
#include <string>
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

} // namespace

void require_values(const CLI::App &app, std::span<const char *const> arguments)
{
    for (std::size_t at = 1; at < arguments.size(); ++at) {
        std::string name = arguments[at];
        const bool is_empty = name.starts_with("--") && name.ends_with('=');
        if (is_empty)
            name.pop_back();
        const CLI::Option *const option = find_option(app, name);
        if (!takes_value(option))
            continue;

        ++at; // the value
        if (is_empty || at == arguments.size() ||
            std::string_view(arguments[at]).starts_with("--") || find_option(app, arguments[at]))
            throw CLI::ArgumentMismatch(option->get_name() + ": needs a value");
    }
}

} // namespace dmaheap

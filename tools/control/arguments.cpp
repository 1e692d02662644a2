// SPDX-License-Identifier: MIT
#include "tools/control/arguments.h"

#include <algorithm>

namespace dmaheap::control {

Arguments::Arguments(const Json &object, std::initializer_list<const char *> names)
    : object_(object)
{
    const auto known = [&](const std::string &name) {
        return name == "version" || name == "command" ||
               std::ranges::find(names, name) != names.end();
    };
    for (const auto &[name, value] : object.items())
        if (!known(name))
            refuse(name.c_str(), "is not known here");
}

std::optional<std::string> Arguments::text(const char *name)
{
    const Json *const value = find(name);
    if (!value || value->is_null())
        return std::nullopt;
    if (value->is_string())
        return value->get<std::string>();

    refuse(name, "must be a string");
    return std::nullopt;
}

std::optional<std::uint64_t> Arguments::number(const char *name)
{
    const Json *const value = find(name);
    if (!value || value->is_null())
        return std::nullopt;
    if (value->is_number_unsigned())
        return value->get<std::uint64_t>();

    refuse(name, "must be a whole number that is not negative");
    return std::nullopt;
}

std::optional<double> Arguments::fraction(const char *name)
{
    const Json *const value = find(name);
    if (!value || value->is_null())
        return std::nullopt;
    if (value->is_number() && value->get<double>() >= 0 && value->get<double>() <= 1)
        return value->get<double>();

    refuse(name, "must be a number from 0 to 1");
    return std::nullopt;
}

bool Arguments::flag(const char *name)
{
    const Json *const value = find(name);
    if (!value || value->is_null())
        return false;
    if (value->is_boolean())
        return value->get<bool>();

    refuse(name, "must be true or false");
    return false;
}

bool Arguments::is_null(const char *name) const
{
    const Json *const value = find(name);
    return value && value->is_null();
}

const Json *Arguments::find(const char *name) const
{
    const auto found = object_.find(name);
    return found == object_.end() ? nullptr : &*found;
}

void Arguments::refuse(const char *name, const char *what)
{
    if (!refusal_)
        refusal_ = { .code = "EINVAL", .message = '"' + std::string(name) + "\" " + what };
}

} // namespace dmaheap::control

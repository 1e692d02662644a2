// SPDX-License-Identifier: MIT
#include "tools/dmaheapctl/units.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace dmaheap::ctl {

namespace {

std::string printed(double number, const char *unit)
{
    const bool whole = number >= 99.95 || std::abs(number - std::round(number)) < 0.05;
    std::array<char, 64> text{};
    const int length =
        std::snprintf(text.data(), text.size(), "%.*f%s", whole ? 0 : 1, number, unit);
    return { text.data(), static_cast<std::size_t>(std::max(length, 0)) };
}

} // namespace

std::string human_size(double bytes)
{
    constexpr double kStep = 1024;
    constexpr std::array kUnits{ "", " KiB", " MiB", " GiB", " TiB", " PiB" };
    std::size_t unit = 0;
    while (std::abs(bytes) >= kStep && unit + 1 < kUnits.size()) {
        bytes /= kStep;
        ++unit;
    }
    return printed(bytes, kUnits.at(unit));
}

std::string human_number(double number)
{
    return printed(number, "");
}

std::string human_age(double seconds)
{
    constexpr double kMinute = 60;
    constexpr double kHour = 60 * kMinute;
    constexpr double kDay = 24 * kHour;
    if (seconds < 2 * kMinute)
        return printed(std::floor(seconds), " s");
    if (seconds < 2 * kHour)
        return printed(std::floor(seconds / kMinute), " min");
    if (seconds < 2 * kDay)
        return printed(std::floor(seconds / kHour), " h");

    return printed(std::floor(seconds / kDay), " d");
}

std::string size_of(const control::Json &value)
{
    return value.is_number() ? human_size(value.get<double>()) : "-";
}

std::string harmless(std::string text)
{
    constexpr unsigned char kFirstPrintable = 0x20;
    constexpr unsigned char kDelete = 0x7f;
    std::ranges::replace_if(
        text,
        [](char letter) {
            const auto code = static_cast<unsigned char>(letter);
            return code < kFirstPrintable || code == kDelete;
        },
        '?');
    return text;
}

} // namespace dmaheap::ctl

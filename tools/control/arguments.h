// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>

#include "tools/control/protocol.h"

namespace dmaheap::control {

/// What a request says besides its command, checked: whoever sends it may have written anything.
/// The first thing that is wrong is kept in refusal().
class Arguments {
public:
    /// Refuses all but these names.
    Arguments(const Json &object, std::initializer_list<const char *> names);

    /// Nothing when they are not there, or null, or wrong.
    std::optional<std::string> text(const char *name);
    std::optional<std::uint64_t> number(const char *name);
    std::optional<double> fraction(const char *name);
    bool flag(const char *name);
    /// Whether it is there and null.
    [[nodiscard]] bool is_null(const char *name) const;
    [[nodiscard]] bool has(const char *name) const { return find(name) != nullptr; }

    [[nodiscard]] const std::optional<Refusal> &refusal() const { return refusal_; }

private:
    [[nodiscard]] const Json *find(const char *name) const;
    void refuse(const char *name, const char *what);

    const Json &object_;
    std::optional<Refusal> refusal_;
};

} // namespace dmaheap::control

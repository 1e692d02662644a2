// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include <CLI/CLI.hpp>

namespace dmaheap {

/// Throws CLI::ArgumentMismatch, "--option: needs a value", for the first that has none. To be
/// called before CLI11 parses: it takes the next argument for the value, which may be an option
/// that was meant as such, and does so after "--option=", too. What begins with "--" is a value in
/// "--option=--value" only.
///
/// `arguments` begins with the program's name. The options of all commands of `app` are known here,
/// whichever is typed: none may be a flag in one and take a value in another.
void require_values(const CLI::App &app, std::span<const char *const> arguments);

} // namespace dmaheap

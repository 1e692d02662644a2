// SPDX-License-Identifier: MIT

// Catch2 2 wants its main() compiled once; Catch2 3 brings one along.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

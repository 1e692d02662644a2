// SPDX-License-Identifier: MIT
#pragma once

/// Catch2 3 where the distribution has it, Catch2 2 elsewhere; the tests use what both offer.
#ifdef DMAHEAP_CATCH3
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

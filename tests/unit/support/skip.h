// SPDX-License-Identifier: MIT
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace dmaheap::test {

/// Ends a program all of whose tests need something that this machine has not got.
[[noreturn]] inline void skip_program(const std::string &why)
{
    constexpr int kSkipped = 77;
    std::printf("SKIPPED %s\n", why.c_str());
    std::fflush(stdout);
    std::_Exit(kSkipped);
}

} // namespace dmaheap::test

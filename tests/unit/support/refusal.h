// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "tools/dmaheapd/config.h"

namespace dmaheap::test {

/// What somebody writes, and what it is refused with.
struct Bad {
    const char *text;
    const char *refusal;
};

/// What a call is refused with, "" when it is not.
template <class Call>
std::string refusal(const Call &call)
{
    try {
        call();
    } catch (const config::Refused &refused) {
        return refused.what();
    }
    return "";
}

} // namespace dmaheap::test

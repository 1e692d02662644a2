// SPDX-License-Identifier: MIT
#pragma once

#include "cuse/later.h"
#include "tests/support/deadline.h"

namespace dmaheap::test {

/// Waits until something is due and does it, as a server's thread would. False when nothing comes.
inline bool do_next(cuse::Later &later)
{
    if (!await_readable(later.fd(), Deadline{}))
        return false;

    auto work = later.take();
    if (work)
        (*work)();
    return work.has_value();
}

} // namespace dmaheap::test

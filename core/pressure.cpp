// SPDX-License-Identifier: MIT
#include "core/pressure.h"

#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "core/sys.h"

namespace dmaheap {

Result<Pressure> Pressure::watch(const char *path)
{
    // Any, not all; in microseconds. The 0 at its end is a part of it.
    const std::string wanted = "some 300000 2000000";

    auto trigger = sys::open(path, O_RDWR | O_NONBLOCK);
    if (!trigger)
        return std::unexpected(trigger.error());
    if (auto set = check("write of a PSI trigger",
                         ::write(trigger->get(), wanted.c_str(), wanted.size() + 1));
        !set)
        return std::unexpected(set.error());

    return Pressure(*std::move(trigger));
}

} // namespace dmaheap

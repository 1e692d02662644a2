// SPDX-License-Identifier: MIT
#include "policies/system.h"

namespace dmaheap::policies {

Result<std::unique_ptr<Policy>> System::make(const Options & /*options*/, const Tools & /*tools*/)
{
    return std::make_unique<System>();
}

Result<Memory> System::obtain(Bytes size)
{
    return Memory::any_pages(size);
}

std::string System::describe() const
{
    return "any pages";
}

} // namespace dmaheap::policies

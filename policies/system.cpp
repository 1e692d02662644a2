// SPDX-License-Identifier: MIT
#include "policies/system.h"

namespace dmaheap::policies {

Result<Memory> System::obtain(Bytes size)
{
    return Memory::any_pages(size);
}

} // namespace dmaheap::policies

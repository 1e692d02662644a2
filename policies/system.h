// SPDX-License-Identifier: MIT
#pragma once

#include "core/policy.h"

namespace dmaheap::policies {

/// Any pages of the machine, allocated per request: what the kernel's system heap does.
class System final : public Policy {
public:
    Result<Memory> obtain(Bytes size) override;
};

} // namespace dmaheap::policies

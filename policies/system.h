// SPDX-License-Identifier: MIT
#pragma once

#include "policies/catalogue.h"

namespace dmaheap::policies {

/// Any pages of the machine, allocated per request: what the kernel's system heap does.
class System final : public Policy {
public:
    static Result<std::unique_ptr<Policy>> make(const Options &options, const Tools &tools);

    Result<Memory> obtain(Bytes size) override;
    [[nodiscard]] std::string describe() const override;
};

} // namespace dmaheap::policies

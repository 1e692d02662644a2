// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace dmaheap::ctl {

/// Writes all of it to a descriptor, or says why not: a full disk, a reader that is gone.
Status write_all(int fd, std::string_view text);

/// Makes or replaces a file.
Status write_file(const std::string &path, std::string_view text);

} // namespace dmaheap::ctl

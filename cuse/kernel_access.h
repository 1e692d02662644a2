// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "cuse/credentials.h"

namespace dmaheap::cuse {

/// Whether a thread with these credentials could open the file for reading and writing: mode, ids,
/// groups and ACLs. Asked of the kernel, by a thread that takes the credentials on for this and
/// ends. False whenever it cannot be asked: the daemon takes on foreign ids only with CAP_SETUID
/// and CAP_SETGID. The file is not opened.
bool kernel_lets(const Credentials &who, const std::string &path);

} // namespace dmaheap::cuse

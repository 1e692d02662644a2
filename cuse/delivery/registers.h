// SPDX-License-Identifier: MIT
#pragma once

#if defined(__x86_64__)
#include "cuse/delivery/registers_x86_64.h"
#elif defined(__aarch64__)
#include "cuse/delivery/registers_aarch64.h"
#else
#error "delivery by ptrace is not yet written for this architecture"
#endif

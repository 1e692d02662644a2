// SPDX-License-Identifier: MIT
#pragma once

// The place for arm64: NT_PRSTATUS and NT_ARM_SYSTEM_CALL through PTRACE_GETREGSET and
// PTRACE_SETREGSET; the instruction is `svc #0`, 4 bytes long; the number goes into x8, the result
// comes in x0, and x7 is not to be touched in a system call stop.
#error "delivery by ptrace is not yet written for arm64"

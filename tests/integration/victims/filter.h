// SPDX-License-Identifier: MIT
#pragma once

/// Puts a seccomp filter on the calling thread that denies socket, socketpair, recvmsg, mmap and
/// dup3, with EPERM or by killing the process. 0, or -1 with errno set.
int install_filter(int kill);

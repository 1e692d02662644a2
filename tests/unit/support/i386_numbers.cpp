// SPDX-License-Identifier: MIT
#include "tests/unit/support/i386_numbers.h"

#include <asm/unistd_32.h>

namespace dmaheap::test::i386 {

const int kSocket = __NR_socket;
const int kMmap2 = __NR_mmap2;
const int kMunmap = __NR_munmap;
const int kRecvmsg = __NR_recvmsg;
const int kDup3 = __NR_dup3;
const int kClose = __NR_close;

} // namespace dmaheap::test::i386

// SPDX-License-Identifier: MIT
#pragma once

/// The numbers of i386's system calls, whose names cannot be had beside those of x86-64.
namespace dmaheap::test::i386 {

extern const int kSocket;
extern const int kMmap2;
extern const int kMunmap;
extern const int kRecvmsg;
extern const int kDup3;
extern const int kClose;

} // namespace dmaheap::test::i386

// SPDX-License-Identifier: MIT
#pragma once

namespace dmaheap {

/// For the start of a program: standard input, output and error that were closed (as the shell's
/// >&- does it) become something that can only be read, and is empty, so that none of our own
/// descriptors takes their place and gets what is meant for people. To write there stays EBADF.
void fill_closed_streams();

} // namespace dmaheap

// SPDX-License-Identifier: MIT
#pragma once

/// The assembler of the program without a C library.

typedef unsigned long word;

/// A system call as the machine makes it: a negative errno on failure.
long raw_call(long number, word a, word b, word c, word d, word e, word f);

/// The same with the stack pointer at `stack` while it lasts. Nothing is pushed there.
long raw_call_on(void *stack, long number, word a, word b, word c);

#ifdef __x86_64__
/// A call of a 64-bit program through the gate of 32-bit ones, with their numbers.
long raw_call_gate(long number, word a, word b, word c);
#endif

/// What `_start` calls; ends the process with what is returned.
int raw_main(int argc, char **argv);

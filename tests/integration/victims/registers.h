// SPDX-License-Identifier: MIT
#pragma once

// Read by the assembler as well: where each value is in the structure.
#ifdef __x86_64__
#define WORD 8
#define GENERAL 9
#define VECTORS 16
#else
#define WORD 4
#define GENERAL 2
#define VECTORS 8
#endif
#define AT_NUMBER 0
#define AT_FIRST (1 * WORD)
#define AT_SECOND (2 * WORD)
#define AT_THIRD (3 * WORD)
#define AT_GENERAL (4 * WORD)
#define AT_BASE ((4 + GENERAL) * WORD)
#define AT_STACK ((5 + GENERAL) * WORD)
#define AT_FLAGS ((6 + GENERAL) * WORD)
#define AT_MXCSR ((7 + GENERAL) * WORD)
#define AT_CONTROL_WORD ((7 + GENERAL) * WORD + 4)
#define AT_SEGMENTS ((7 + GENERAL) * WORD + 6)
#define AT_VECTOR ((7 + GENERAL) * WORD + 16)

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

typedef uintptr_t word;

struct registers {
    word number; ///< of the system call; its result afterwards
    word first;  ///< its arguments
    word second;
    word third;
    word general[GENERAL]; ///< rbx rbp r8 r9 r10 r12 r13 r14 r15, or esi edi
    word base;             ///< of gs, where the program may use it; ebp on i386
    word stack;            ///< the stack pointer, noted just before the call
    word flags;
    uint32_t mxcsr;
    uint16_t control_word; ///< of the x87, noted just before the call
    uint16_t segments[5];  ///< cs ds es fs gs, noted just before the call
    unsigned char vector[VECTORS][16];
};

_Static_assert(offsetof(struct registers, first) == AT_FIRST, "first");
_Static_assert(offsetof(struct registers, general) == AT_GENERAL, "general");
_Static_assert(offsetof(struct registers, base) == AT_BASE, "base");
_Static_assert(offsetof(struct registers, stack) == AT_STACK, "stack");
_Static_assert(offsetof(struct registers, flags) == AT_FLAGS, "flags");
_Static_assert(offsetof(struct registers, mxcsr) == AT_MXCSR, "mxcsr");
_Static_assert(offsetof(struct registers, control_word) == AT_CONTROL_WORD, "control word");
_Static_assert(offsetof(struct registers, segments) == AT_SEGMENTS, "segments");
_Static_assert(offsetof(struct registers, vector) == AT_VECTOR, "vector");

extern struct registers registers_before;
extern struct registers registers_after;

/// Loads all of `registers_before`, makes the system call, notes all in `registers_after`.
void registers_call(void);
#endif

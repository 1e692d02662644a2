// SPDX-License-Identifier: MIT
//
// registers_call(): see registers.h. The direction flag may be set after popf: nothing but moves
// until cld.
#include "registers.h"

        .text
        .globl  registers_call
        .type   registers_call, @function

#ifdef __x86_64__
#define INTO(offset) registers_after + (offset)(%rip)
#define FROM(offset) registers_before + (offset)(%rip)

registers_call:
        push    %rbx
        push    %rbp
        push    %r12
        push    %r13
        push    %r14
        push    %r15

        mov     $0x1001, %edi                   // ARCH_SET_GS
        mov     FROM(AT_BASE), %rsi
        shl     $17, %rsi                       // a user address
        shr     $17, %rsi
        mov     %rsi, FROM(AT_BASE)
        mov     $158, %eax                      // arch_prctl
        syscall

        mov     %rsp, FROM(AT_STACK)
        fnstcw  FROM(AT_CONTROL_WORD)
        ldmxcsr FROM(AT_MXCSR)
        mov     %cs, FROM(AT_SEGMENTS)
        mov     %ds, FROM(AT_SEGMENTS + 2)
        mov     %es, FROM(AT_SEGMENTS + 4)
        mov     %fs, FROM(AT_SEGMENTS + 6)
        mov     %gs, FROM(AT_SEGMENTS + 8)
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        movdqu  FROM(AT_VECTOR + 16 * \n), %xmm\n
        .endr
        mov     FROM(AT_GENERAL), %rbx
        mov     FROM(AT_GENERAL + 8), %rbp
        mov     FROM(AT_GENERAL + 16), %r8
        mov     FROM(AT_GENERAL + 24), %r9
        mov     FROM(AT_GENERAL + 32), %r10
        mov     FROM(AT_GENERAL + 40), %r12
        mov     FROM(AT_GENERAL + 48), %r13
        mov     FROM(AT_GENERAL + 56), %r14
        mov     FROM(AT_GENERAL + 64), %r15
        mov     FROM(AT_FIRST), %rdi
        mov     FROM(AT_SECOND), %rsi
        mov     FROM(AT_THIRD), %rdx
        mov     FROM(AT_NUMBER), %rax
        pushq   FROM(AT_FLAGS)
        popfq
        syscall
        mov     %rsp, INTO(AT_STACK)
        pushfq
        popq    INTO(AT_FLAGS)
        mov     %rax, INTO(AT_NUMBER)
        mov     %rdi, INTO(AT_FIRST)
        mov     %rsi, INTO(AT_SECOND)
        mov     %rdx, INTO(AT_THIRD)
        mov     %rbx, INTO(AT_GENERAL)
        mov     %rbp, INTO(AT_GENERAL + 8)
        mov     %r8, INTO(AT_GENERAL + 16)
        mov     %r9, INTO(AT_GENERAL + 24)
        mov     %r10, INTO(AT_GENERAL + 32)
        mov     %r12, INTO(AT_GENERAL + 40)
        mov     %r13, INTO(AT_GENERAL + 48)
        mov     %r14, INTO(AT_GENERAL + 56)
        mov     %r15, INTO(AT_GENERAL + 64)
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        movdqu  %xmm\n, INTO(AT_VECTOR + 16 * \n)
        .endr
        mov     %cs, INTO(AT_SEGMENTS)
        mov     %ds, INTO(AT_SEGMENTS + 2)
        mov     %es, INTO(AT_SEGMENTS + 4)
        mov     %fs, INTO(AT_SEGMENTS + 6)
        mov     %gs, INTO(AT_SEGMENTS + 8)
        stmxcsr INTO(AT_MXCSR)
        fnstcw  INTO(AT_CONTROL_WORD)
        cld

        mov     $0x1004, %edi                   // ARCH_GET_GS
        lea     INTO(AT_BASE), %rsi
        mov     $158, %eax
        syscall

        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbp
        pop     %rbx
        ret
#else
#define INTO(offset) registers_after + (offset)
#define FROM(offset) registers_before + (offset)

registers_call:
        push    %ebx
        push    %ebp
        push    %esi
        push    %edi

        mov     %esp, FROM(AT_STACK)
        fnstcw  FROM(AT_CONTROL_WORD)
        ldmxcsr FROM(AT_MXCSR)
        mov     %cs, FROM(AT_SEGMENTS)
        mov     %ds, FROM(AT_SEGMENTS + 2)
        mov     %es, FROM(AT_SEGMENTS + 4)
        mov     %fs, FROM(AT_SEGMENTS + 6)
        mov     %gs, FROM(AT_SEGMENTS + 8)
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7
        movdqu  FROM(AT_VECTOR + 16 * \n), %xmm\n
        .endr
        mov     FROM(AT_FIRST), %ebx
        mov     FROM(AT_SECOND), %ecx
        mov     FROM(AT_THIRD), %edx
        mov     FROM(AT_GENERAL), %esi
        mov     FROM(AT_GENERAL + 4), %edi
        mov     FROM(AT_BASE), %ebp
        mov     FROM(AT_NUMBER), %eax
        pushl   FROM(AT_FLAGS)
        popfl
        int     $0x80
        mov     %esp, INTO(AT_STACK)
        pushfl
        popl    INTO(AT_FLAGS)
        mov     %eax, INTO(AT_NUMBER)
        mov     %ebx, INTO(AT_FIRST)
        mov     %ecx, INTO(AT_SECOND)
        mov     %edx, INTO(AT_THIRD)
        mov     %esi, INTO(AT_GENERAL)
        mov     %edi, INTO(AT_GENERAL + 4)
        mov     %ebp, INTO(AT_BASE)
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7
        movdqu  %xmm\n, INTO(AT_VECTOR + 16 * \n)
        .endr
        mov     %cs, INTO(AT_SEGMENTS)
        mov     %ds, INTO(AT_SEGMENTS + 2)
        mov     %es, INTO(AT_SEGMENTS + 4)
        mov     %fs, INTO(AT_SEGMENTS + 6)
        mov     %gs, INTO(AT_SEGMENTS + 8)
        stmxcsr INTO(AT_MXCSR)
        fnstcw  INTO(AT_CONTROL_WORD)
        cld

        pop     %edi
        pop     %esi
        pop     %ebp
        pop     %ebx
        ret
#endif
        .size   registers_call, . - registers_call
        .section .note.GNU-stack, "", @progbits

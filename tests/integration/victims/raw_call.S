// SPDX-License-Identifier: MIT
//
// See raw.h.
        .text
        .globl  _start
        .globl  raw_call
        .globl  raw_call_on

#ifdef __x86_64__
        .globl  raw_call_gate

_start:
        xor     %ebp, %ebp
        mov     (%rsp), %edi
        lea     8(%rsp), %rsi
        and     $-16, %rsp
        call    raw_main
        mov     %eax, %edi
        mov     $231, %eax                      // exit_group
        syscall
        hlt

raw_call:
        mov     %rdi, %rax
        mov     %rsi, %rdi
        mov     %rdx, %rsi
        mov     %rcx, %rdx
        mov     %r8, %r10
        mov     %r9, %r8
        mov     8(%rsp), %r9
        syscall
        ret

raw_call_on:
        push    %rbx
        mov     %rsp, %rbx
        mov     %rsi, %rax
        mov     %rdi, %rsp
        mov     %rdx, %rdi
        mov     %rcx, %rsi
        mov     %r8, %rdx
        syscall
        mov     %rbx, %rsp
        pop     %rbx
        ret

raw_call_gate:
        push    %rbx
        mov     %rdi, %rax
        mov     %rsi, %rbx
        xchg    %rdx, %rcx
        int     $0x80
        movslq  %eax, %rax
        pop     %rbx
        ret
#else
_start:
        xor     %ebp, %ebp
        mov     (%esp), %eax
        lea     4(%esp), %ecx
        and     $-16, %esp
        sub     $8, %esp
        push    %ecx
        push    %eax
        call    raw_main
        mov     %eax, %ebx
        mov     $252, %eax                      // exit_group
        int     $0x80
        hlt

raw_call:
        push    %ebx
        push    %esi
        push    %edi
        push    %ebp
        mov     20(%esp), %eax
        mov     24(%esp), %ebx
        mov     28(%esp), %ecx
        mov     32(%esp), %edx
        mov     36(%esp), %esi
        mov     40(%esp), %edi
        mov     44(%esp), %ebp
        int     $0x80
        pop     %ebp
        pop     %edi
        pop     %esi
        pop     %ebx
        ret

raw_call_on:
        push    %ebx
        push    %ebp
        mov     %esp, %ebp
        mov     16(%esp), %eax
        mov     20(%esp), %ebx
        mov     24(%esp), %ecx
        mov     28(%esp), %edx
        mov     12(%esp), %esp
        int     $0x80
        mov     %ebp, %esp
        pop     %ebp
        pop     %ebx
        ret
#endif
        .section .note.GNU-stack, "", @progbits

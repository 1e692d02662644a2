# SPDX-License-Identifier: MIT
"""Makes the kernel seem less able than it is.

By filters on the calling process and all that it starts; x86-64 only.
"""

import ctypes
import errno
import os
import platform
import struct

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD_WORD, JUMP_IF_EQUAL, JUMP_IF_SET, RETURN = 0x20, 0x15, 0x45, 0x06
ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
X86_64, WAIT_KILLABLE_RECV = 0xC000003E, 1 << 5
NUMBER, ARCH, FLAGS = 0, 4, 24  # in struct seccomp_data; FLAGS is the second argument
CALLS = {"ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "seccomp": 317,
         "pidfd_open": 434, "pidfd_getfd": 438}


def is_possible():
    return platform.machine() == "x86_64"


def pretend():
    """One before 5.19, which does not know SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV."""
    install([
        (LOAD_WORD, 0, 0, ARCH),
        (JUMP_IF_EQUAL, 0, 5, X86_64),
        (LOAD_WORD, 0, 0, NUMBER),
        (JUMP_IF_EQUAL, 0, 3, CALLS["seccomp"]),
        (LOAD_WORD, 0, 0, FLAGS),
        (JUMP_IF_SET, 0, 1, WAIT_KILLABLE_RECV),
        (RETURN, 0, 0, ERRNO | errno.EINVAL),
        (RETURN, 0, 0, ALLOW),
    ])


def forbid(call, answer=ERRNO | errno.EPERM):
    """As a container's profile does."""
    install([
        (LOAD_WORD, 0, 0, ARCH),
        (JUMP_IF_EQUAL, 0, 3, X86_64),
        (LOAD_WORD, 0, 0, NUMBER),
        (JUMP_IF_EQUAL, 0, 1, CALLS[call]),
        (RETURN, 0, 0, answer),
        (RETURN, 0, 0, ALLOW),
    ])


def install(instructions):
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in instructions)
    held = ctypes.create_string_buffer(code, len(code))
    program = ctypes.create_string_buffer(
        struct.pack("HxxxxxxQ", len(instructions), ctypes.addressof(held))
    )
    libc = ctypes.CDLL(None, use_errno=True)
    for call in [(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
                 (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0)]:
        if libc.prctl(*call) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

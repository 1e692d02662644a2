#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""window.py NODE FILE: what a buffer and the file that it is a part of show of each other."""

import fcntl
import mmap
import os
import struct
import sys

ALLOC, SYNC = 0xC0184800, 0x40086200
START, END, READ_WRITE = 0, 4, 3
SIZE = 64 << 10
FIRST = 8 << 10  # not at the beginning, so that offsets matter


def allocate(heap, size):
    request = struct.pack("=QIIQ", size, 0, os.O_RDWR | os.O_CLOEXEC, 0)
    return struct.unpack("=QIIQ", fcntl.ioctl(heap, ALLOC, request))[1]


def sync(buffer, flags):
    fcntl.ioctl(buffer, SYNC, struct.pack("=Q", flags | READ_WRITE))


heap = os.open(sys.argv[1], os.O_RDWR)
first, buffer = allocate(heap, FIRST), allocate(heap, SIZE)
inside = mmap.mmap(buffer, SIZE)
with open(sys.argv[2], "r+b") as file:
    outside = mmap.mmap(file.fileno(), 0)
new = SIZE - inside[:].count(b"\0")

inside[:] = b"7" * SIZE
sync(buffer, END)
seen = outside[:].count(b"7")

at = outside.find(b"7")
outside[at : at + SIZE] = b"9" * SIZE
sync(buffer, START)
missed = SIZE - inside[:].count(b"9")
print(f"{new} of a new buffer, {seen} in the file, {missed} of those that were written there")

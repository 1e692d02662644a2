// SPDX-License-Identifier: MIT
#include "ion.h"

#include <errno.h>
#include <string.h>

#include <sys/mman.h>
#include <sys/socket.h>

#include "heap.h"

unsigned char *map_buffer(int buffer)
{
    void *memory = mmap(NULL, rounded, PROT_READ | PROT_WRITE, MAP_SHARED, buffer, 0);

    if (memory == MAP_FAILED)
        fail("mmap");
    return memory;
}

void expect_all(const unsigned char *memory, unsigned char value)
{
    for (int at = 0; at < rounded; at++) {
        if (memory[at] != value) {
            errno = EILSEQ;
            fail("content of the buffer");
        }
    }
}

int pass_descriptor(int socket, int fd)
{
    char byte = 0, control[CMSG_SPACE(sizeof(int))] = "";
    struct iovec data = { &byte, 1 };
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
    };
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);

    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &fd, sizeof(int));
    return sendmsg(socket, &message, 0) == 1 ? 0 : -1;
}

int take_descriptor(int socket)
{
    char byte, control[CMSG_SPACE(sizeof(int))];
    struct iovec data = { &byte, 1 };
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
    };
    int fd = -1;

    if (recvmsg(socket, &message, 0) == 1 && CMSG_FIRSTHDR(&message) != NULL)
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
    return fd;
}

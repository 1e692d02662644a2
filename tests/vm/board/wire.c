// SPDX-License-Identifier: MIT
#include "wire.h"

#include <errno.h>
#include <string.h>

#include <sys/socket.h>

#include "heap.h"

union control {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
};

void wire_send_buffer(int socket, int buffer)
{
    char byte = 0;
    union control control = { .header = { .cmsg_len = CMSG_LEN(sizeof(buffer)),
                                          .cmsg_level = SOL_SOCKET,
                                          .cmsg_type = SCM_RIGHTS } };
    struct iovec part = { .iov_base = &byte, .iov_len = 1 };
    const struct msghdr message = { .msg_iov = &part,
                                    .msg_iovlen = 1,
                                    .msg_control = &control,
                                    .msg_controllen = sizeof(control) };

    memcpy(CMSG_DATA(&control.header), &buffer, sizeof(buffer));
    if (sendmsg(socket, &message, 0) != 1)
        give_up("sendmsg");
}

int wire_receive_buffer(int socket)
{
    char byte = 0;
    int buffer = -1;
    union control control = { 0 };
    struct iovec part = { .iov_base = &byte, .iov_len = 1 };
    struct msghdr message = { .msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = &control,
                              .msg_controllen = sizeof(control) };

    if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1)
        give_up("recvmsg");
    errno = EBADMSG;
    if (control.header.cmsg_len != CMSG_LEN(sizeof(buffer)))
        give_up("no descriptor came");
    memcpy(&buffer, CMSG_DATA(&control.header), sizeof(buffer));
    return buffer;
}

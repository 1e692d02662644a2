// SPDX-License-Identifier: MIT
//
// The client's commands that make, pass and look at descriptors.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "client.h"
#include "heap.h"

// open PATH [FLAGS]
static void run_open(char **words)
{
    answer_result(open(words[0], words[1] ? (int)number(words[1]) : O_RDWR | O_CLOEXEC));
}

// close FD
static void run_close(char **words)
{
    answer_result(close((int)number(words[0])));
}

// duplicate FD AS
static void run_duplicate(char **words)
{
    answer_result(dup2((int)number(words[0]), (int)number(words[1])));
}

// describe FD -> F_GETFL F_GETFD SIZE
static void run_describe(char **words)
{
    const int fd = (int)number(words[0]);
    const int flags = fcntl(fd, F_GETFL);

    if (flags < 0)
        answer_result(flags);
    else
        answer("ok %d %d %lld", flags, fcntl(fd, F_GETFD), (long long)lseek(fd, 0, SEEK_END));
}

// The control message has room for one descriptor.
union control {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr header;
};

static struct msghdr one_descriptor(union control *control, struct iovec *byte)
{
    return (struct msghdr){ .msg_iov = byte,
                            .msg_iovlen = 1,
                            .msg_control = control->bytes,
                            .msg_controllen = sizeof(control->bytes) };
}

// send FD
static void run_send(char **words)
{
    const int fd = (int)number(words[0]);
    union control control = { .header = { .cmsg_len = CMSG_LEN(sizeof(fd)),
                                          .cmsg_level = SOL_SOCKET,
                                          .cmsg_type = SCM_RIGHTS } };
    memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));

    struct iovec byte = { .iov_base = "", .iov_len = 1 };
    const struct msghdr message = one_descriptor(&control, &byte);
    answer_result(sendmsg(PEER_SOCKET, &message, 0));
}

// receive -> FD
static void run_receive(char **words)
{
    (void)words;
    char text = 0;
    int fd = -1;
    union control control = { .bytes = { 0 } };
    struct iovec byte = { .iov_base = &text, .iov_len = 1 };
    struct msghdr message = one_descriptor(&control, &byte);

    if (recvmsg(PEER_SOCKET, &message, MSG_CMSG_CLOEXEC) < 0) {
        answer_result(-1);
        return;
    }
    if (message.msg_controllen >= CMSG_LEN(sizeof(fd)))
        memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
    answer_result(fd);
}

static void limit_descriptors(rlim_t most)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        fail("getrlimit");
    limit.rlim_cur = most;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        fail("setrlimit");
}

// leave-free COUNT: takes descriptors until exactly so many more can be had; -> the lowest free
static void run_leave_free(char **words)
{
    int last = -1;

    limit_descriptors(40);
    for (int fd; (fd = dup(STDIN_FILENO)) >= 0;)
        last = fd;
    if (errno != EMFILE || last != 39)
        fail("dup");

    for (int left = (int)number(words[0]); left > 0; left--)
        close(last--);
    answer("ok %d", last + 1);
}

// lift-limit: ends what leave-free began
static void run_lift_limit(char **words)
{
    (void)words;
    limit_descriptors(1024);
    answer("ok");
}

const struct command descriptor_commands[] = {
    { "open", 1, run_open },
    { "close", 1, run_close },
    { "duplicate", 2, run_duplicate },
    { "describe", 1, run_describe },
    { "send", 1, run_send },
    { "receive", 0, run_receive },
    { "leave-free", 1, run_leave_free },
    { "lift-limit", 0, run_lift_limit },
    { NULL, 0, NULL },
};

// SPDX-License-Identifier: MIT
//
// An ordinary dma-heap program; nothing in it knows who serves the heap.
//
//   cc -o hello_dma_heap hello_dma_heap.c
//   ./hello_dma_heap [/dev/dma_heap/NAME]
//
// It allocates a buffer, writes to it, and passes it over a socket to a second process, which reads
// and changes it. Exit status 0: every byte was as it should be.

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { SIZE = 1 << 20 };

static int allocate(const char *path)
{
    int heap = open(path, O_RDONLY | O_CLOEXEC);
    if (heap == -1)
        err(1, "%s", path);

    struct dma_heap_allocation_data request = { .len = SIZE, .fd_flags = O_RDWR | O_CLOEXEC };
    if (ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &request) == -1)
        err(1, "DMA_HEAP_IOCTL_ALLOC");

    close(heap); // the buffer stays
    return (int)request.fd;
}

static char *map(int buffer)
{
    char *bytes = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, buffer, 0);
    if (bytes == MAP_FAILED)
        err(1, "mmap");
    return bytes;
}

static void synchronize(int buffer, unsigned flags)
{
    struct dma_buf_sync request = { .flags = DMA_BUF_SYNC_RW | flags };
    if (ioctl(buffer, DMA_BUF_IOCTL_SYNC, &request) == -1)
        err(1, "DMA_BUF_IOCTL_SYNC");
}

static void fill(int buffer, char *bytes, char value)
{
    synchronize(buffer, DMA_BUF_SYNC_START);
    memset(bytes, value, SIZE);
    synchronize(buffer, DMA_BUF_SYNC_END);
}

static void expect(int buffer, const char *bytes, char value)
{
    synchronize(buffer, DMA_BUF_SYNC_START);
    for (size_t at = 0; at < SIZE; ++at)
        if (bytes[at] != value)
            errx(1, "byte %zu is %d instead of %d", at, bytes[at], value);
    synchronize(buffer, DMA_BUF_SYNC_END);
}

// One message with one byte of payload and room for one descriptor.
struct message {
    char byte;
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    struct iovec range;
    struct msghdr head;
};

static void prepare(struct message *message)
{
    memset(message, 0, sizeof *message);
    message->range = (struct iovec){ .iov_base = &message->byte, .iov_len = 1 };
    message->head.msg_iov = &message->range;
    message->head.msg_iovlen = 1;
    message->head.msg_control = message->control;
    message->head.msg_controllen = sizeof message->control;
}

static void send_descriptor(int socket, int fd)
{
    struct message message;
    prepare(&message);
    struct cmsghdr *control = CMSG_FIRSTHDR(&message.head);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(control), &fd, sizeof fd);
    if (sendmsg(socket, &message.head, 0) != 1)
        err(1, "sendmsg");
}

static int receive_descriptor(int socket)
{
    struct message message;
    prepare(&message);
    if (recvmsg(socket, &message.head, MSG_CMSG_CLOEXEC) != 1)
        exit(1); // the first process has said why

    int fd = -1;
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message.head)), sizeof fd);
    return fd;
}

static void second_process(int socket)
{
    int buffer = receive_descriptor(socket);
    char *bytes = map(buffer);
    expect(buffer, bytes, 'a');
    fill(buffer, bytes, 'b');
    printf("process %d received descriptor %d, read 'a' everywhere and wrote 'b'\n", getpid(),
           buffer);
}

static void first_process(int socket, const char *path)
{
    int buffer = allocate(path);
    printf("process %d allocated %lld bytes from %s: descriptor %d\n", getpid(),
           (long long)lseek(buffer, 0, SEEK_END), path, buffer);

    char *bytes = map(buffer);
    expect(buffer, bytes, 0);
    fill(buffer, bytes, 'a');
    printf("process %d read zeroes, wrote 'a' and sends the descriptor away\n", getpid());
    send_descriptor(socket, buffer);

    int status = 0;
    if (wait(&status) == -1 || status != 0)
        errx(1, "the second process has failed");
    expect(buffer, bytes, 'b');
    munmap(bytes, SIZE);
    close(buffer);
    printf("process %d reads 'b' everywhere, and closes the buffer\n", getpid());
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "/dev/dma_heap/system";
    setvbuf(stdout, NULL, _IOLBF, 0);

    int sockets[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) == -1)
        err(1, "socketpair");

    pid_t child = fork(); // before the allocation: the child inherits nothing of the buffer
    if (child == -1)
        err(1, "fork");
    if (child == 0) {
        close(sockets[0]);
        second_process(sockets[1]);
        return 0;
    }
    close(sockets[1]);
    first_process(sockets[0], path);
    return 0;
}

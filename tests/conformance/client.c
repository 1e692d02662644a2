// SPDX-License-Identifier: MIT
#include "client.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "report.h"

const char *node_path = "/dev/dma_heap/system";

int open_node(int flags)
{
    int node = open(node_path, flags, 0600);

    if (node == -1) {
        say("open ");
        say_result(-1);
        end_row();
    }
    return node;
}

int allocate(uint64_t len, uint32_t fd_flags)
{
    struct dma_heap_allocation_data request = { .len = len, .fd_flags = fd_flags };
    int node = open_node(O_RDWR | O_CLOEXEC);

    if (ioctl(node, DMA_HEAP_IOCTL_ALLOC, &request) == -1) {
        say("ALLOC ");
        say_result(-1);
        end_row();
    }
    close(node);
    return (int)request.fd;
}

unsigned char *map_buffer(int buffer, size_t size)
{
    void *start = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, buffer, 0);

    if (start == MAP_FAILED) {
        say("mmap ");
        say_result(-1);
        end_row();
    }
    return start;
}

/// Without opendir(), whose memory would show among the mappings.
static int count_descriptors(void)
{
    static char entries[32768];
    int folder = open("/proc/thread-self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int count = 0;
    long size;

    while ((size = syscall(SYS_getdents64, folder, entries, sizeof(entries))) > 0) {
        unsigned short length;
        for (long at = 0; at < size; at += length, count++)
            memcpy(&length, entries + at + 16, sizeof(length));
    }
    close(folder);
    return count;
}

static int count_mappings(void)
{
    static char text[16384];
    int maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    int count = 0;
    ssize_t size;

    while ((size = read(maps, text, sizeof(text))) > 0) {
        for (ssize_t i = 0; i < size; i++)
            count += text[i] == '\n';
    }
    close(maps);
    return count;
}

struct census take_census(void)
{
    return (struct census){ .descriptors = count_descriptors(), .mappings = count_mappings() };
}

void say_change(struct census before)
{
    struct census now = take_census();

    say(", %+d descriptors, %+d mappings", now.descriptors - before.descriptors,
        now.mappings - before.mappings);
}

int lowest_free(void)
{
    int fd = dup(STDERR_FILENO);

    close(fd);
    return fd;
}

bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) != -1;
}

unsigned char *end_of_mapped(void)
{
    unsigned char *pages =
        mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    munmap(pages + page, page);
    return pages + page;
}

int limit_descriptors(int count)
{
    struct rlimit limit;
    int before;

    getrlimit(RLIMIT_NOFILE, &limit);
    before = (int)limit.rlim_cur;
    limit.rlim_cur = (rlim_t)count;
    setrlimit(RLIMIT_NOFILE, &limit);
    return before;
}

void read_small_file(const char *path, char *text, size_t size)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    size_t length = 0;
    ssize_t more;

    while (length < size - 1 && (more = read(file, text + length, size - 1 - length)) > 0)
        length += (size_t)more;
    text[length] = '\0';
    close(file);
}

void wait_for(pid_t child)
{
    int status = 0;

    waitpid(child, &status, 0);
    if (WIFSIGNALED(status))
        say(", child killed by SIG%s", sigabbrev_np(WTERMSIG(status)));
}

void in_child(void (*act)(void *argument), void *argument)
{
    pid_t child = fork();

    if (child == 0) {
        act(argument);
        end_row();
    }
    wait_for(child);
}

int send_descriptor(int socket, int fd)
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

int receive_descriptor(int socket)
{
    char byte, control[CMSG_SPACE(sizeof(int))];
    struct iovec data = { &byte, 1 };
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
    };
    int fd = -1;

    if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&message) != NULL)
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
    return fd;
}

// SPDX-License-Identifier: MIT
// One buffer in several processes.
#include <fcntl.h>
#include <unistd.h>

#include <linux/dma-buf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "buffer_info.h"
#include "client.h"
#include "report.h"

enum { two_pages = 2 * page };

/// Writes to the second page what it reads in the first, and says it.
static void answer(void *start)
{
    volatile unsigned char *bytes = start;

    say("child reads %d", bytes[0]);
    bytes[page] = (unsigned char)(bytes[0] + 1);
}

static void answer_through_descriptor(void *buffer)
{
    answer(map_buffer(*(int *)buffer, two_pages));
}

static void fork_mapping(const struct row *row)
{
    (void)row;
    unsigned char *start = map_buffer(allocate(two_pages, O_RDWR), two_pages);

    start[0] = 41;
    in_child(answer, start);
    say(", parent reads %d", start[page]);
}

static void fork_descriptor(const struct row *row)
{
    (void)row;
    int buffer = allocate(two_pages, O_RDWR);
    unsigned char *start = map_buffer(buffer, two_pages);

    start[0] = 51;
    in_child(answer_through_descriptor, &buffer);
    say(", parent reads %d", start[page]);
}

static void receive_and_answer(int socket)
{
    struct dma_buf_sync sync = { .flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW };
    int buffer = receive_descriptor(socket);

    say_flags(fcntl(buffer, F_GETFL));
    say(", size ");
    say_number(lseek(buffer, 0, SEEK_END));
    say(", name ");
    say_info(buffer, "name");
    say(", SYNC ");
    say_result(ioctl(buffer, DMA_BUF_IOCTL_SYNC, &sync));
    say(", ");
    answer_through_descriptor(&buffer);
}

/// To a process that was there before the buffer, and that outlives the descriptor here.
static void pass(const struct row *row)
{
    (void)row;
    int ends[2];

    socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
    pid_t child = fork();
    if (child == 0) {
        receive_and_answer(ends[1]);
        end_row();
    }
    int buffer = allocate(two_pages, O_RDWR);
    unsigned char *start = map_buffer(buffer, two_pages);
    start[0] = 61;
    ioctl(buffer, DMA_BUF_SET_NAME, "passed");
    send_descriptor(ends[0], buffer);
    close(buffer);
    wait_for(child);
    say(", parent reads %d", start[page]);
}

static void leave_buffer(void *socket)
{
    int buffer = allocate(two_pages, O_RDWR);

    map_buffer(buffer, two_pages)[0] = 71;
    send_descriptor(*(int *)socket, buffer);
}

/// From a process that has ended since.
static void outlive(const struct row *row)
{
    (void)row;
    int ends[2];

    socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
    in_child(leave_buffer, &ends[1]);
    close(ends[1]);
    int buffer = receive_descriptor(ends[0]);
    say("reads %d, count ", map_buffer(buffer, two_pages)[0]);
    say_info(buffer, "count");
}

/// In flight, with no descriptor open anywhere, it stays.
static void pass_to_self(const struct row *row)
{
    (void)row;
    int ends[2], buffer = allocate(two_pages, O_RDWR);

    socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
    map_buffer(buffer, two_pages)[0] = 81;
    send_descriptor(ends[0], buffer);
    close(buffer);
    buffer = receive_descriptor(ends[1]);
    say("reads %d", map_buffer(buffer, two_pages)[0]);
}

#define SHARE(name, function) ROW("buffer.share." name, function)

static const struct row rows[] = {
    SHARE("forked-mapping", fork_mapping),
    SHARE("forked-descriptor", fork_descriptor),
    SHARE("passed", pass),
    SHARE("outlives-its-client", outlive),
    SHARE("passed-to-itself", pass_to_self),
};

const struct chapter buffer_share_chapter = CHAPTER(rows);

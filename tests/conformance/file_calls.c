// SPDX-License-Identifier: MIT
// The calls on a file that nodes and buffers answer without being files: the same on both.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "client.h"
#include "report.h"

static char space[64];
static struct iovec vector[] = { { space, 8 }, { space + 8, 8 } };

static void tell_read(int fd)
{
    say_number(read(fd, space, sizeof(space)));
}
static void tell_read_0(int fd)
{
    say_number(read(fd, space, 0));
}
static void tell_readv(int fd)
{
    say_number(readv(fd, vector, 2));
}
static void tell_write(int fd)
{
    say_number(write(fd, space, sizeof(space)));
}
static void tell_write_0(int fd)
{
    say_number(write(fd, space, 0));
}
static void tell_writev(int fd)
{
    say_number(writev(fd, vector, 2));
}
static void tell_pread(int fd)
{
    say_number(pread(fd, space, sizeof(space), 0));
}
static void tell_pwrite(int fd)
{
    say_number(pwrite(fd, space, sizeof(space), 0));
}
static void tell_getdents(int fd)
{
    say_number(syscall(SYS_getdents64, fd, space, sizeof(space)));
}
static void tell_fsync(int fd)
{
    say_result(fsync(fd));
}
static void tell_fdatasync(int fd)
{
    say_result(fdatasync(fd));
}
static void tell_ftruncate_0(int fd)
{
    say_result(ftruncate(fd, 0));
}
static void tell_ftruncate_8192(int fd)
{
    say_result(ftruncate(fd, 2 * page));
}
static void tell_ftruncate_1MiB(int fd)
{
    say_result(ftruncate(fd, 1 << 20));
}
static void tell_fallocate(int fd)
{
    say_result(fallocate(fd, 0, 0, page));
}
static void tell_F_GET_SEALS(int fd)
{
    say_number(fcntl(fd, F_GET_SEALS));
}
static void tell_F_ADD_SEALS(int fd)
{
    say_result(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
}

static void tell_fallocate_punch(int fd)
{
    say_result(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, page));
}

static void tell_sendfile(int fd)
{
    int ends[2];

    if (pipe(ends) == -1)
        end_row();
    say_number(sendfile(ends[1], fd, NULL, 8));
}

static void tell_lseek(int fd, off_t offset, int whence)
{
    say_number(lseek(fd, offset, whence));
    say(", then at ");
    say_number(lseek(fd, 0, SEEK_CUR));
}

static void tell_lseek_set_0(int fd)
{
    tell_lseek(fd, 0, SEEK_SET);
}
static void tell_lseek_set_1(int fd)
{
    tell_lseek(fd, 1, SEEK_SET);
}
static void tell_lseek_set_4096(int fd)
{
    tell_lseek(fd, page, SEEK_SET);
}
static void tell_lseek_set_minus_1(int fd)
{
    tell_lseek(fd, -1, SEEK_SET);
}
static void tell_lseek_cur_0(int fd)
{
    tell_lseek(fd, 0, SEEK_CUR);
}
static void tell_lseek_cur_1(int fd)
{
    tell_lseek(fd, 1, SEEK_CUR);
}
static void tell_lseek_end_0(int fd)
{
    tell_lseek(fd, 0, SEEK_END);
}
static void tell_lseek_end_1(int fd)
{
    tell_lseek(fd, 1, SEEK_END);
}
static void tell_lseek_end_minus_1(int fd)
{
    tell_lseek(fd, -1, SEEK_END);
}
static void tell_lseek_data_0(int fd)
{
    tell_lseek(fd, 0, SEEK_DATA);
}
static void tell_lseek_hole_0(int fd)
{
    tell_lseek(fd, 0, SEEK_HOLE);
}
static void tell_lseek_9(int fd)
{
    tell_lseek(fd, 0, 9);
}

static void tell_poll_of(int fd, short events)
{
    struct pollfd watch = { .fd = fd, .events = events };

    say_number(poll(&watch, 1, 0));
    say(", ");
    say_events((unsigned short)watch.revents);
}

static void tell_poll(int fd)
{
    tell_poll_of(fd, POLLIN | POLLOUT | POLLPRI);
}
static void tell_poll_POLLIN(int fd)
{
    tell_poll_of(fd, POLLIN);
}
static void tell_poll_POLLOUT(int fd)
{
    tell_poll_of(fd, POLLOUT);
}
static void tell_poll_POLLPRI(int fd)
{
    tell_poll_of(fd, POLLPRI);
}
static void tell_poll_none(int fd)
{
    tell_poll_of(fd, 0);
}

static void tell_select(int fd)
{
    fd_set in, out, special;
    struct timeval now = { 0, 0 };

    FD_ZERO(&in);
    FD_SET(fd, &in);
    out = special = in;
    say_number(select(fd + 1, &in, &out, &special, &now));
    say("%s%s%s", FD_ISSET(fd, &in) ? ", readable" : "", FD_ISSET(fd, &out) ? ", writable" : "",
        FD_ISSET(fd, &special) ? ", special" : "");
}

static void tell_epoll_of(int fd, uint32_t events)
{
    struct epoll_event event = { .events = events };
    int set = epoll_create1(EPOLL_CLOEXEC);

    if (!say_result(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event)))
        return;
    say(", ");
    say_number(epoll_wait(set, &event, 1, 0));
    say(", ");
    say_events(event.events);
}

static void tell_epoll(int fd)
{
    tell_epoll_of(fd, EPOLLIN | EPOLLOUT);
}
static void tell_epoll_edge(int fd)
{
    tell_epoll_of(fd, EPOLLIN | EPOLLOUT | EPOLLET);
}

static void on_node(const struct row *row)
{
    row->tell(open_node(O_RDWR));
}
static void on_buffer(const struct row *row)
{
    row->tell(allocate(2 * page, O_RDWR | O_CLOEXEC));
}

// Both tables come from this list, so that neither lacks what the other has.
#define FILE_CALLS(ON)                                                                             \
    ON("read", tell_read), ON("read-0", tell_read_0), ON("readv", tell_readv),                     \
        ON("write", tell_write), ON("write-0", tell_write_0), ON("writev", tell_writev),           \
        ON("pread", tell_pread), ON("pwrite", tell_pwrite), ON("sendfile", tell_sendfile),         \
        ON("getdents", tell_getdents), ON("fsync", tell_fsync), ON("fdatasync", tell_fdatasync),   \
        ON("ftruncate-0", tell_ftruncate_0), ON("ftruncate-8192", tell_ftruncate_8192),            \
        ON("ftruncate-1MiB", tell_ftruncate_1MiB), ON("fallocate", tell_fallocate),                \
        ON("fallocate-punch", tell_fallocate_punch), ON("F_GET_SEALS", tell_F_GET_SEALS),          \
        ON("F_ADD_SEALS", tell_F_ADD_SEALS), ON("lseek.set-0", tell_lseek_set_0),                  \
        ON("lseek.set-1", tell_lseek_set_1), ON("lseek.set-4096", tell_lseek_set_4096),            \
        ON("lseek.set-minus-1", tell_lseek_set_minus_1), ON("lseek.cur-0", tell_lseek_cur_0),      \
        ON("lseek.cur-1", tell_lseek_cur_1), ON("lseek.end-0", tell_lseek_end_0),                  \
        ON("lseek.end-1", tell_lseek_end_1), ON("lseek.end-minus-1", tell_lseek_end_minus_1),      \
        ON("lseek.data-0", tell_lseek_data_0), ON("lseek.hole-0", tell_lseek_hole_0),              \
        ON("lseek.unknown-whence", tell_lseek_9), ON("poll", tell_poll),                           \
        ON("poll.POLLIN", tell_poll_POLLIN), ON("poll.POLLOUT", tell_poll_POLLOUT),                \
        ON("poll.POLLPRI", tell_poll_POLLPRI), ON("poll.none", tell_poll_none),                    \
        ON("select", tell_select), ON("epoll", tell_epoll), ON("epoll.edge", tell_epoll_edge)

#define ON_NODE(name, function) ROW("node." name, on_node, .tell = (function))
#define ON_BUFFER(name, function) ROW("buffer." name, on_buffer, .tell = (function))

static const struct row node_rows[] = { FILE_CALLS(ON_NODE) };
static const struct row buffer_rows[] = { FILE_CALLS(ON_BUFFER) };

const struct chapter node_file_chapter = CHAPTER(node_rows);
const struct chapter buffer_file_chapter = CHAPTER(buffer_rows);

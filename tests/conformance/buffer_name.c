// SPDX-License-Identifier: MIT
// DMA_BUF_SET_NAME, and where the name shows.
#include <fcntl.h>
#include <string.h>

#include <linux/dma-buf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "buffer_info.h"
#include "client.h"
#include "report.h"

static void say_name(int buffer)
{
    say(", name ");
    say_info(buffer, "name");
    say(", link ");
    say_link(buffer);
}

/// Gives the name `text` with the command arg[0], on a buffer of fd_flags arg[1].
static void set_name(const struct row *row)
{
    int buffer = allocate(page, (uint32_t)row->arg[1]);

    say_result(ioctl(buffer, (unsigned long)row->arg[0], row->text));
    say_name(buffer);
}

static void rename_to(const struct row *row)
{
    int buffer = allocate(page, O_RDWR);

    say_result(ioctl(buffer, (unsigned long)row->arg[0], "first"));
    say(", ");
    say_result(ioctl(buffer, (unsigned long)row->arg[0], row->text));
    say_name(buffer);
    say(", keys ");
    say_info_keys(buffer);
}

static void address(const struct row *row)
{
    int buffer = allocate(page, O_RDWR);

    say_result(ioctl(buffer, (unsigned long)row->arg[0], (uintptr_t)row->arg[1]));
    say_name(buffer);
}

/// arg[1] characters end at the end of what is mapped, with a terminating zero if arg[2].
static void end_of_page(const struct row *row)
{
    size_t length = row->arg[1], zero = row->arg[2];
    unsigned char *text = end_of_mapped() - length - zero;
    int buffer = allocate(page, O_RDWR);

    memset(text, 'n', length);
    say_result(ioctl(buffer, (unsigned long)row->arg[0], text));
    say_name(buffer);
}

static void two_pages(const struct row *row)
{
    unsigned char *pages =
        mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *text = (char *)pages + page - 3;
    int buffer = allocate(page, O_RDWR);

    strcpy(text, "straddling");
    mprotect(pages, 2 * page, PROT_READ);
    say_result(ioctl(buffer, (unsigned long)row->arg[0], text));
    say_name(buffer);
}

/// The name belongs to the buffer, not to the descriptor.
static void on_copy(const struct row *row)
{
    int buffer = allocate(page, O_RDWR), copy = fcntl(buffer, F_DUPFD_CLOEXEC, 0);

    say_result(ioctl(copy, (unsigned long)row->arg[0], "of the copy"));
    say_name(buffer);
}

#define TEN "abcdefghij"
#define NAME(name, function, ...) ROW("buffer.set_name." name, function, __VA_ARGS__)
#define TEXT(version, command, name, value)                                                        \
    NAME(version "." name, set_name, .arg = { (command), O_RDWR }, .text = (value))
#define PAGE_END(version, command, name, length, zero)                                             \
    NAME(version "." name, end_of_page, .arg = { (command), (length), (zero) })
#define EACH_CASE(version, command)                                                                \
    TEXT(version, command, "empty", ""), TEXT(version, command, "1", "c"),                         \
        TEXT(version, command, "camera", "camera"), TEXT(version, command, "30", TEN TEN TEN),     \
        TEXT(version, command, "31", TEN TEN TEN "k"),                                             \
        TEXT(version, command, "32", TEN TEN TEN "kl"),                                            \
        TEXT(version, command, "33", TEN TEN TEN "klm"),                                           \
        TEXT(version, command, "50", TEN TEN TEN TEN TEN),                                         \
        TEXT(version, command, "blanks", " a b "), TEXT(version, command, "slashes", "/a/../b"),   \
        TEXT(version, command, "not-ascii", "\xc3\xa4\x01"),                                       \
        NAME(version ".O_RDONLY", set_name, .arg = { (command), O_RDONLY }, .text = "reader"),     \
        NAME(version ".O_WRONLY", set_name, .arg = { (command), O_WRONLY }, .text = "writer"),     \
        NAME(version ".rename", rename_to, .arg = { (command) }, .text = "second"),                \
        NAME(version ".rename-empty", rename_to, .arg = { (command) }, .text = ""),                \
        NAME(version ".rename-32", rename_to, .arg = { (command) }, .text = TEN TEN TEN "kl"),     \
        NAME(version ".null", address, .arg = { (command), 0 }),                                   \
        NAME(version ".unmapped", address, .arg = { (command), page }),                            \
        PAGE_END(version, command, "ends-with-page", 6, 1),                                        \
        PAGE_END(version, command, "ends-with-page-31", 31, 1),                                    \
        PAGE_END(version, command, "ends-with-page-empty", 0, 1),                                  \
        PAGE_END(version, command, "unterminated-6", 6, 0),                                        \
        PAGE_END(version, command, "unterminated-31", 31, 0),                                      \
        PAGE_END(version, command, "unterminated-32", 32, 0),                                      \
        PAGE_END(version, command, "unterminated-33", 33, 0),                                      \
        NAME(version ".straddling", two_pages, .arg = { (command) }),                              \
        NAME(version ".on-a-copy", on_copy, .arg = { (command) })
#define OTHER(name, direction, size)                                                               \
    TEXT("other", _IOC((unsigned)(direction), 'b', 1, (size)), name, "camera")

static const struct row rows[] = {
    EACH_CASE("A", DMA_BUF_SET_NAME_A),
    EACH_CASE("B", DMA_BUF_SET_NAME_B),
    OTHER("_IO", _IOC_NONE, 0),
    OTHER("_IOR-8", _IOC_READ, 8),
    OTHER("_IOWR-8", _IOC_READ | _IOC_WRITE, 8),
    OTHER("_IOW-0", _IOC_WRITE, 0),
    OTHER("_IOW-16", _IOC_WRITE, 16),
    OTHER("_IOW-32", _IOC_WRITE, 32),
};

const struct chapter buffer_name_chapter = CHAPTER(rows);

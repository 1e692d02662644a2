// SPDX-License-Identifier: MIT
#include "ion_client.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <linux/ioctl.h>
#include <sys/mman.h>

#include "client.h"
#include "report.h"

_Static_assert(sizeof(struct ion_allocation) == 24, "layout");
_Static_assert(sizeof(struct ion_heap) == 52, "layout");
_Static_assert(sizeof(struct ion_query) == 24, "layout");
_Static_assert(sizeof(struct ion_legacy_allocation) == (sizeof(size_t) == 8 ? 32 : 20), "layout");

enum { nobody = 65534 };

void *protected_copy(const void *data, size_t size, size_t before, int protection)
{
    unsigned char *pages =
        mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned char *start = pages + page - before;

    memcpy(start, data, size);
    mprotect(pages + page, page, protection);
    return start;
}

void *cut_copy(const void *data, size_t mapped)
{
    unsigned char *start = end_of_mapped() - mapped;

    memcpy(start, data, mapped);
    return start;
}

void become_another_user(void)
{
    if (setresgid(nobody, nobody, nobody) == -1 || setresuid(nobody, nobody, nobody) == -1) {
        say("setresuid ");
        say_result(-1);
        end_row();
    }
}

void ion_read(const struct row *row)
{
    (void)row;
    char byte;

    say_number(read(open_node(O_RDWR), &byte, 1));
}

void ion_pread(const struct row *row)
{
    (void)row;
    char byte;

    say_number(pread(open_node(O_RDWR), &byte, 1, 0));
}

void ion_lseek(const struct row *row)
{
    (void)row;
    say_number(lseek(open_node(O_RDWR), 0, SEEK_SET));
}

void ion_mmap(const struct row *row)
{
    (void)row;
    map_buffer(open_node(O_RDWR), page);
    say("ok");
}

void ion_poll(const struct row *row)
{
    (void)row;
    struct pollfd watch = { .fd = open_node(O_RDWR), .events = POLLIN | POLLOUT };

    say_number(poll(&watch, 1, 0));
    say(", ");
    say_events((unsigned)watch.revents);
}

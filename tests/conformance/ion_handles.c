// SPDX-License-Identifier: MIT
// The handles of ION as Linux 3.4 to 4.11 had it.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <sys/ioctl.h>
#include <sys/mman.h>

#include "attempt.h"
#include "client.h"
#include "ion_client.h"
#include "report.h"

enum { usual_len = 5000, huge_handle = 0x7fffffff };

static int new_handle(int node)
{
    struct ion_legacy_allocation request = { .len = usual_len, .heap_id_mask = 1U << usual_heap };

    if (ioctl(node, ion_legacy_alloc, &request) == -1) {
        say("ALLOC ");
        say_result(-1);
        end_row();
    }
    return request.handle;
}

static long free_handle(int node, int handle)
{
    return ioctl(node, ion_free, &handle);
}

static int share(int node, int handle)
{
    struct ion_legacy_fd data = { .handle = handle, .fd = -1 };

    if (ioctl(node, ion_share, &data) == -1) {
        say("SHARE ");
        say_result(-1);
        end_row();
    }
    return data.fd;
}

/// IMPORT, and which handle it gives.
static void say_import(int node, int fd)
{
    struct ion_legacy_fd data = { .handle = -7, .fd = fd };

    say(", IMPORT ");
    if (say_result(ioctl(node, ion_import, &data)))
        say(" %d", data.handle);
    else if (data.handle != -7 || data.fd != fd)
        say(", struct changed");
}

static void say_free(int node, int handle)
{
    say(", FREE %d ", handle);
    say_result(free_handle(node, handle));
}

/// The smallest free number, from 1 on.
static void numbers(const struct row *row)
{
    (void)row;
    const int node = open_node(O_RDWR);
    const int first = new_handle(node), second = new_handle(node), third = new_handle(node);

    say("%d %d %d", first, second, third);
    say_free(node, second);
    say(", then %d", new_handle(node));
    say(" %d", new_handle(node));
    say_free(node, first);
    say(", then %d", new_handle(node));
}

/// The handle arg[0] where there is only 1; FREE twice if it is that.
static void free_of(const struct row *row)
{
    const int node = open_node(O_RDWR);

    say("%d", new_handle(node));
    say_free(node, (int)row->arg[0]);
    if (row->arg[0] == 1)
        say_free(node, 1);
    say(", then %d", new_handle(node));
}

/// FREE copies nothing back: its struct may be read-only.
static void free_read_only(const struct row *row)
{
    (void)row;
    const int node = open_node(O_RDWR), handle = new_handle(node);

    say_result(ioctl(node, ion_free, protected_copy(&handle, sizeof(handle), 0, PROT_READ)));
}

/// SHARE or MAP, arg[0], of handle arg[1], where there is only 1.
static void share_of(const struct row *row)
{
    const int node = open_node(O_RDWR);
    struct ion_legacy_fd data = { .handle = (int)row->arg[1], .fd = -7 };

    new_handle(node);
    observe_attempt((struct attempt){ .node = node,
                                      .command = (unsigned long)row->arg[0],
                                      .argument = &data,
                                      .readable = sizeof(data),
                                      .limit = row->arg[2] != 0 ? node + 1 : 0,
                                      .fd_at = offsetof(struct ion_legacy_fd, fd) });
}

static void share_read_only(const struct row *row)
{
    const int node = open_node(O_RDWR);
    const struct ion_legacy_fd data = { .handle = new_handle(node), .fd = -7 };
    void *start = protected_copy(&data, sizeof(data), (size_t)row->arg[0], PROT_READ);

    observe_attempt((struct attempt){
        .node = node, .command = ion_share, .argument = start, .readable = sizeof(data) });
}

/// Two of one handle: other descriptors, the same memory, which is zero at first.
static void share_twice(const struct row *row)
{
    (void)row;
    const int node = open_node(O_RDWR), handle = new_handle(node);
    const int first = share(node, handle), second = share(node, handle);
    unsigned char *one = map_buffer(first, usual_len), *other = map_buffer(second, usual_len);

    say("%s descriptors, %d", first != second ? "two" : "the same", other[usual_len - 1]);
    one[usual_len - 1] = 7;
    say(", then %d", other[usual_len - 1]);
}

/// The buffer stays while it is mapped, whatever ends first: see the bits of arg[0].
static void outlives(const struct row *row)
{
    const int node = open_node(O_RDWR), handle = new_handle(node), fd = share(node, handle);
    unsigned char *memory = map_buffer(fd, usual_len);

    memory[0] = 9;
    for (unsigned at = 0; at < 3; at++) {
        const unsigned what = (unsigned)(row->arg[0] >> 4 * at) & 0xf;
        if (what == 1 && free_handle(node, handle) != 0)
            say("FREE %s, ", errno_name(errno));
        else if (what == 2)
            close(fd);
        else if (what == 3)
            close(node);
    }
    say("%d", memory[0]);
}

/// A handle means nothing to another open file of the node, and ends with its own.
static void other_file(const struct row *row)
{
    (void)row;
    const int node = open_node(O_RDWR), other = open_node(O_RDWR), copy = dup(node);
    const int handle = new_handle(node);

    say("%d", handle);
    say_free(other, handle);
    close(node);
    say(", duplicated");
    say_free(copy, handle);
    say(", other's first %d", new_handle(other));
}

static void import_own(const struct row *row)
{
    (void)row;
    const int node = open_node(O_RDWR), handle = new_handle(node), fd = share(node, handle);

    say("%d", handle);
    say_import(node, fd);
    say_import(node, share(node, handle));
    for (int at = 0; at < 4; at++)
        say_free(node, handle);
}

/// Of a buffer that another open file has allocated, and has no more.
static void import_others(const struct row *row)
{
    (void)row;
    const int node = open_node(O_RDWR), other = open_node(O_RDWR);
    const int fd = share(node, new_handle(node));

    close(node);
    say("%d", new_handle(other));
    say_import(other, fd);
    say_import(other, fd);
    close(fd);
    unsigned char *memory = map_buffer(share(other, 2), usual_len);
    say(", %d", memory[0]);
}

static int no_buffer(const struct row *row)
{
    int ends[2] = { -1, -1 };

    if (row->arg[1] == 0)
        return (int)row->arg[0];
    if (row->text != NULL)
        return open(row->text, O_RDWR);
    if (row->arg[1] == 2)
        return memfd_create("none of yours", MFD_ALLOW_SEALING);
    if (pipe(ends) == -1)
        say("pipe, ");
    return ends[0];
}

static void import_of(const struct row *row)
{
    const int node = open_node(O_RDWR), fd = no_buffer(row);

    say("%d", new_handle(node));
    say_import(node, fd);
    say(", then %d", new_handle(node));
}

static void import_node(const struct row *row)
{
    (void)row;
    const int node = open_node(O_RDWR);

    say("%d", new_handle(node));
    say_import(node, node);
}

static void sync_of(const struct row *row)
{
    const int node = open_node(O_RDWR);
    struct ion_legacy_fd data = { .handle = -7, .fd = no_buffer(row) };

    say_result(ioctl(node, ion_sync, &data));
    say("%s", data.handle == -7 ? "" : ", struct changed");
}

/// SYNC copies nothing back: its struct may be read-only.
static void sync_buffer(const struct row *row)
{
    (void)row;
    const int node = open_node(O_RDWR);
    const struct ion_legacy_fd data = { .handle = 0, .fd = share(node, new_handle(node)) };

    say_result(ioctl(node, ion_sync, protected_copy(&data, sizeof(data), 0, PROT_READ)));
}

#define HANDLE(name, function, ...) ROW("legacy." name, function, .arg = { __VA_ARGS__ })
#define OTHERS(name, function, path) ROW("legacy." name, function, .arg = { 0, 1 }, .text = (path))

static const struct row rows[] = {
    HANDLE("handle.numbers", numbers, 0),
    HANDLE("handle.of-another-file", other_file, 0),
    HANDLE("free.twice", free_of, 1),
    HANDLE("free.0", free_of, 0),
    HANDLE("free.2", free_of, 2),
    HANDLE("free.minus-1", free_of, (uint32_t)-1),
    HANDLE("free.huge", free_of, huge_handle),
    HANDLE("free.read-only", free_read_only, 0),
    HANDLE("share.usual", share_of, 0xC0084904, 1),
    HANDLE("share.0", share_of, 0xC0084904, 0),
    HANDLE("share.2", share_of, 0xC0084904, 2),
    HANDLE("share.minus-1", share_of, 0xC0084904, (uint32_t)-1),
    HANDLE("share.huge", share_of, 0xC0084904, huge_handle),
    HANDLE("share.no-descriptor-free", share_of, 0xC0084904, 1, 1),
    HANDLE("share.read-only", share_read_only, 0),
    HANDLE("share.read-only-from-4", share_read_only, 4),
    HANDLE("share.twice", share_twice, 0),
    HANDLE("map.usual", share_of, 0xC0084902, 1),
    HANDLE("map.0", share_of, 0xC0084902, 0),
    HANDLE("map.2", share_of, 0xC0084902, 2),
    HANDLE("buffer.after-FREE-fd-node", outlives, 0x321),
    HANDLE("buffer.after-FREE-node-fd", outlives, 0x231),
    HANDLE("buffer.after-fd-FREE-node", outlives, 0x312),
    HANDLE("buffer.after-fd-node", outlives, 0x032),
    HANDLE("buffer.after-node-fd", outlives, 0x023),
    HANDLE("import.own", import_own, 0),
    HANDLE("import.others", import_others, 0),
    HANDLE("import.minus-1", import_of, (uint32_t)-1),
    HANDLE("import.closed", import_of, 200),
    HANDLE("import.huge", import_of, huge_handle),
    OTHERS("import.dev-null", import_of, "/dev/null"),
    HANDLE("import.memfd", import_of, 0, 2),
    HANDLE("import.pipe", import_of, 0, 3),
    HANDLE("import.node", import_node, 0),
    HANDLE("sync.buffer", sync_buffer, 0),
    HANDLE("sync.minus-1", sync_of, (uint32_t)-1),
    HANDLE("sync.closed", sync_of, 200),
    OTHERS("sync.dev-null", sync_of, "/dev/null"),
    HANDLE("sync.memfd", sync_of, 0, 2),
};

const struct chapter ion_handles_chapter = CHAPTER(rows);

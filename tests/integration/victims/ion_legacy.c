// SPDX-License-Identifier: MIT
//
// ion-legacy NODE MASK ORDER: a program of 2013. It allocates a handle, shares it, maps the buffer,
// and has another process import it. ORDER says what it lets go of first: handle, fd, mapping.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "heap.h"
#include "ion.h"

// How programs tell the two interfaces apart.
static void expect_legacy(int ion)
{
    struct ion_handle_data none = { .handle = 0 };
    struct ion_custom_data custom = { .cmd = 0 };

    if (ioctl(ion, ION_FREE, &none) == 0 || errno != EINVAL)
        fail("FREE of handle 0 should be EINVAL");
    if (ioctl(ion, ION_CUSTOM, &custom) == 0 || errno != ENOTTY)
        fail("CUSTOM should be ENOTTY");
}

static ion_handle allocate(int ion, unsigned mask)
{
    struct ion_legacy_allocation request = { .len = size, .align = 4096, .heap_id_mask = mask };

    if (ioctl(ion, ION_LEGACY_ALLOC, &request) != 0)
        fail("ALLOC");
    if (request.handle <= 0 || request.len != size)
        fail("what ALLOC returned");
    return request.handle;
}

static void free_handle(int ion, ion_handle handle)
{
    struct ion_handle_data data = { .handle = handle };

    if (ioctl(ion, ION_FREE, &data) != 0)
        fail("FREE");
    if (ioctl(ion, ION_FREE, &data) == 0 || errno != EINVAL)
        fail("a second FREE should be EINVAL");
}

static int share(int ion, ion_handle handle, unsigned long command)
{
    struct ion_fd_data data = { .handle = handle, .fd = -1 };
    struct stat status;

    if (ioctl(ion, command, &data) != 0)
        fail("SHARE");
    if (fstat(data.fd, &status) != 0 || status.st_size != rounded ||
        fcntl(data.fd, F_GETFD) != FD_CLOEXEC || (fcntl(data.fd, F_GETFL) & O_ACCMODE) != O_RDWR)
        fail("what SHARE returned");
    return data.fd;
}

static ion_handle import(int ion, int buffer)
{
    struct ion_fd_data data = { .handle = 0, .fd = buffer };

    if (ioctl(ion, ION_IMPORT, &data) != 0)
        fail("IMPORT");
    return data.handle;
}

// The other process has an open file of its own, and so handles of its own.
static int importer(const char *node, int socket)
{
    const int ion = open(node, O_RDWR | O_CLOEXEC);
    const int buffer = take_descriptor(socket);
    const ion_handle first = import(ion, buffer);

    if (import(ion, buffer) != first)
        fail("a second IMPORT should give the same handle");
    struct ion_handle_data data = { .handle = first };
    if (ioctl(ion, ION_FREE, &data) != 0)
        fail("FREE of the second reference");
    close(buffer);

    const int again = share(ion, first, ION_SHARE);
    free_handle(ion, first);
    unsigned char *memory = map_buffer(again);
    close(again);
    close(ion);

    expect_all(memory, 0x5a);
    memset(memory, 0xc3, rounded);
    return 0;
}

static void have_imported(const char *node, int buffer)
{
    int ends[2], status = 0;

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        fail("socketpair");
    const pid_t child = fork();
    if (child == 0)
        _exit(importer(node, ends[1]));
    if (pass_descriptor(ends[0], buffer) != 0 || waitpid(child, &status, 0) != child || status != 0)
        fail("the other process");
    close(ends[0]);
    close(ends[1]);
}

int main(int count, char **words)
{
    if (count != 4)
        return 2;
    const int before = descriptor_count();
    const int ion = open(words[1], O_RDONLY | O_CLOEXEC);
    if (ion < 0)
        fail("open");

    expect_legacy(ion);
    const ion_handle handle = allocate(ion, (unsigned)number(words[2]));
    const int buffer = share(ion, handle, ION_SHARE);
    const int other = share(ion, handle, ION_MAP);
    struct ion_fd_data sync = { .handle = handle, .fd = other };
    unsigned char *memory = map_buffer(buffer);
    unsigned char *same = map_buffer(other);

    expect_all(memory, 0);
    memset(memory, 0x5a, rounded);
    if (ioctl(ion, ION_SYNC, &sync) != 0)
        fail("SYNC");
    expect_all(same, 0x5a);
    if (import(ion, other) != handle)
        fail("IMPORT of one's own should give the same handle");
    struct ion_handle_data once = { .handle = handle };
    if (ioctl(ion, ION_FREE, &once) != 0)
        fail("FREE of the imported reference");

    have_imported(words[1], buffer);
    expect_all(memory, 0xc3);
    munmap(same, rounded);
    close(other);

    if (strcmp(words[3], "handle") == 0)
        free_handle(ion, handle);
    if (strcmp(words[3], "mapping") == 0)
        munmap(memory, rounded);
    close(buffer);
    if (strcmp(words[3], "mapping") != 0) {
        expect_all(memory, 0xc3);
        munmap(memory, rounded);
    }
    close(ion); // with the handle, unless it is free already

    if (descriptor_count() != before)
        fail("descriptors are left");
    puts("done");
    return 0;
}

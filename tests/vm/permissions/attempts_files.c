// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/dma-heap.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "attempts.h"
#include "ion.h"

enum { HANDLE_SIZE = 128, HANDLES = 64 };

int open_somehow(const char *path)
{
    // The third is for neither reading nor writing: some drivers take it, and it asks for both.
    const int ways[] = { O_RDONLY,
                         O_WRONLY,
                         O_ACCMODE,
                         O_RDWR,
                         O_RDWR | O_CREAT,
                         O_RDONLY | O_TRUNC,
                         O_WRONLY | O_APPEND | O_NONBLOCK };

    for (size_t at = 0; at < sizeof(ways) / sizeof(ways[0]); at++) {
        const int heap = open(path, ways[at] | O_CLOEXEC, 0666);
        if (heap != -1)
            return heap;
    }
    return -1;
}

static int opening(const struct target *target)
{
    return open_somehow(target->node);
}

// A descriptor that is no more than the place of the node.
static int place_of(const struct target *target)
{
    return open(target->node, O_PATH | O_CLOEXEC);
}

static int opening_its_place_again(const struct target *target)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", place_of(target));
    return open_somehow(path);
}

static int asking_its_place(const struct target *target)
{
    struct dma_heap_allocation_data data = { .len = 4096, .fd_flags = O_RDWR };

    return ioctl(place_of(target), DMA_HEAP_IOCTL_ALLOC, &data);
}

// The ION nodes stand beside the folder, and everybody may open them, in whatever way.
static int ion_node(const struct target *target, const char *name, int access)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/../%s", target->folder, name);
    return open(path, access | O_CLOEXEC);
}

static int asking_for_all_heaps_of_ion(const struct target *target)
{
    struct ion_allocation data = { .len = 4096, .heap_id_mask = UINT32_MAX };

    return ioctl(ion_node(target, "ion", O_RDWR), ION_IOC_ALLOC, &data);
}

static int asking_for_each_heap_of_legacy_ion(const struct target *target)
{
    const int accesses[] = { O_RDWR, O_RDONLY, O_WRONLY };
    struct ion_legacy_allocation data = { .len = 4096, .heap_id_mask = UINT32_MAX };

    for (size_t at = 0; at < sizeof(accesses) / sizeof(accesses[0]); at++) {
        const int node = ion_node(target, "ion-legacy", accesses[at]);
        data.heap_id_mask = UINT32_MAX;
        if (ioctl(node, ION_IOC_LEGACY_ALLOC, &data) == 0)
            return 0;
        for (data.heap_id_mask = 1; data.heap_id_mask != 0; data.heap_id_mask <<= 1)
            if (ioctl(node, ION_IOC_LEGACY_ALLOC, &data) == 0)
                return 0;
        close(node);
    }
    return -1;
}

static int sharing_handles_of_others(const struct target *target)
{
    const int node = ion_node(target, "ion-legacy", O_RDWR);
    struct ion_legacy_fd shared = { .handle = -1, .fd = -1 };

    for (; shared.handle < HANDLES; shared.handle++)
        if (ioctl(node, ION_IOC_SHARE, &shared) == 0)
            return 0;
    return -1;
}

// Imports what is no buffer, or none of this process.
static int importing_numbers(const struct target *target)
{
    const int node = ion_node(target, "ion-legacy", O_RDWR);
    struct ion_legacy_fd imported = { .handle = 0, .fd = -1 };

    for (; imported.fd < HANDLES; imported.fd++)
        if (ioctl(node, ION_IOC_IMPORT, &imported) == 0)
            return 0;
    return -1;
}

static int opening_by_handle(const struct target *target)
{
    struct file_handle *handle = calloc(1, sizeof(*handle) + HANDLE_SIZE);
    int mount = 0;

    handle->handle_bytes = HANDLE_SIZE;
    if (name_to_handle_at(AT_FDCWD, target->node, handle, &mount, 0) != 0)
        return -1;
    return open_by_handle_at(open(target->folder, O_RDONLY | O_CLOEXEC), handle, O_RDWR);
}

static const char *in(const char *folder)
{
    static char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/other", folder);
    return path;
}

static int a_symbolic_link(const struct target *target)
{
    return symlink(target->node, in(target->own)) == 0 ? open_somehow(in(target->own)) : -1;
}

static int a_hard_link(const struct target *target)
{
    return link(target->node, in(target->own)) == 0 || link(target->node, in(target->folder)) == 0
               ? 0
               : -1;
}

static int a_hard_link_of_its_place(const struct target *target)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", place_of(target));
    return linkat(AT_FDCWD, path, AT_FDCWD, in(target->folder), AT_SYMLINK_FOLLOW);
}

int make_node_like(const char *node, const char *path)
{
    struct stat status;

    if (stat(node, &status) != 0)
        return -1;
    errno = ENOTSUP; // a file of a mount has no number, and 0 is that of a whiteout
    return S_ISCHR(status.st_mode) ? mknod(path, S_IFCHR | 0666, status.st_rdev) : -1;
}

static int a_node_with_its_number(const struct target *target)
{
    return make_node_like(target->node, in(target->own));
}

static int another_file(const struct target *target)
{
    return open(in(target->folder), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
}

static int another_node(const struct target *target)
{
    return mknod(in(target->folder), S_IFIFO | 0666, 0);
}

static int another_folder(const struct target *target)
{
    return mkdir(in(target->folder), 0777);
}

static int another_link(const struct target *target)
{
    return symlink("camera", in(target->folder));
}

static int renaming(const struct target *target)
{
    return rename(target->node, in(target->folder));
}

static int removing(const struct target *target)
{
    return unlink(target->node);
}

static int changing_its_mode(const struct target *target)
{
    return chmod(target->node, 0666);
}

static int changing_the_mode_of_the_folder(const struct target *target)
{
    return chmod(target->folder, 0777);
}

static int changing_its_owner(const struct target *target)
{
    return chown(target->node, getuid(), (gid_t)-1) == 0 ||
                   chown(target->node, (uid_t)-1, getgid()) == 0
               ? 0
               : -1;
}

// u::rw g::rw o::rw: the header is the version, an entry is the tag, the rights and an id.
static int giving_it_an_access_list(const struct target *target)
{
    static const unsigned char list[] = { 2,   0,   0, 0, 1,   0,   6,   0,   255, 255,
                                          255, 255, 4, 0, 6,   0,   255, 255, 255, 255,
                                          32,  0,   6, 0, 255, 255, 255, 255 };

    return setxattr(target->node, "system.posix_acl_access", list, sizeof(list), 0);
}

static int changing_its_times(const struct target *target)
{
    const struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };

    return utimensat(AT_FDCWD, target->node, times, 0);
}

static int changing_its_size(const struct target *target)
{
    return truncate(target->node, 4096);
}

const struct attempt attempts_on_files[] = {
    { "opening", opening },
    { "opening its place again", opening_its_place_again },
    { "asking its place", asking_its_place },
    { "asking for all heaps of ION", asking_for_all_heaps_of_ion },
    { "asking for each heap of legacy ION", asking_for_each_heap_of_legacy_ion },
    { "sharing handles of others", sharing_handles_of_others },
    { "importing numbers", importing_numbers },
    { "opening by handle", opening_by_handle },
    { "a symbolic link", a_symbolic_link },
    { "a hard link", a_hard_link },
    { "a hard link of its place", a_hard_link_of_its_place },
    { "a node with its number", a_node_with_its_number },
    { "another file", another_file },
    { "another node", another_node },
    { "another folder", another_folder },
    { "another link", another_link },
    { "renaming", renaming },
    { "removing", removing },
    { "changing its mode", changing_its_mode },
    { "changing the mode of the folder", changing_the_mode_of_the_folder },
    { "changing its owner", changing_its_owner },
    { "giving it an access list", giving_it_an_access_list },
    { "changing its times", changing_its_times },
    { "changing its size", changing_its_size },
    { NULL, NULL },
};

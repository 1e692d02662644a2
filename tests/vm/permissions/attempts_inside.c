// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "attempts.h"

// The node by its name, in a folder of `own`.
static int open_in(const struct target *target, const char *folder)
{
    char path[PATH_MAX];
    const char *name = strrchr(target->node, '/');

    snprintf(path, sizeof(path), "%s/%s%s", target->own, folder, name);
    return open_somehow(path);
}

static const char *folder_in(const struct target *target, const char *folder)
{
    static char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", target->own, folder);
    mkdir(path, 0777);
    return path;
}

static int binding_the_folder(const struct target *target)
{
    if (mount(target->folder, folder_in(target, "bound"), NULL, MS_BIND | MS_REC, NULL) != 0)
        return -1;
    return open_in(target, "bound");
}

static int another_file_system_over_it(const struct target *target)
{
    char options[3 * PATH_MAX];
    char upper[PATH_MAX];
    char work[PATH_MAX];

    snprintf(upper, sizeof(upper), "%s", folder_in(target, "upper"));
    snprintf(work, sizeof(work), "%s", folder_in(target, "work"));
    snprintf(options, sizeof(options), "userxattr,lowerdir=%s,upperdir=%s,workdir=%s",
             target->folder, upper, work);
    if (mount("overlay", folder_in(target, "merged"), "overlay", 0, options) != 0)
        return -1;
    return open_in(target, "merged");
}

static int a_node_in_a_file_system_of_ones_own(const struct target *target)
{
    char path[PATH_MAX];

    if (mount("own", folder_in(target, "own"), "tmpfs", 0, NULL) != 0)
        return -1;
    snprintf(path, sizeof(path), "%s/own/node", target->own);
    return make_node_like(target->node, path) == 0 ? open_somehow(path) : -1;
}

static int other_owners_by_an_idmapped_mount(const struct target *target)
{
    const int tree = (int)syscall(SYS_open_tree, AT_FDCWD, target->folder,
                                  OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    struct mount_attr attributes = {
        .attr_set = MOUNT_ATTR_IDMAP,
        .userns_fd = (unsigned)open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC),
    };

    return (int)syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes,
                        sizeof(attributes));
}

static int unmounting_it(const struct target *target)
{
    return umount2(target->folder, MNT_DETACH);
}

static int the_groups_that_are_allowed(const struct target *target)
{
    const gid_t video = 44;
    const long joined = syscall(SYS_setgroups, 1, &video);

    return joined == 0 ? open_somehow(target->node) : -1;
}

const struct attempt attempts_as_root_inside[] = {
    { "binding the folder", binding_the_folder },
    { "another file system over it", another_file_system_over_it },
    { "a node in a file system of one's own", a_node_in_a_file_system_of_ones_own },
    { "other owners by an idmapped mount", other_owners_by_an_idmapped_mount },
    { "unmounting it", unmounting_it },
    { "the groups that are allowed", the_groups_that_are_allowed },
    { NULL, NULL },
};

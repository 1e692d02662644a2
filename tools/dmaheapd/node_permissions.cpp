// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/node_permissions.h"

#include <algorithm>
#include <stdexcept>

#include <unistd.h>

#include <sys/stat.h>

#include "tools/dmaheapd/accounts.h"
#include "tools/dmaheapd/config_text.h"

namespace dmaheap::daemon {

namespace {

template <class Id>
std::optional<Id> found(const std::string &key, const std::optional<std::string> &name,
                        Result<Id> (*resolve)(const std::string &))
{
    if (!name)
        return std::nullopt;

    const auto id = resolve(*name);
    if (!id)
        throw std::runtime_error(key + ": " + config::in_quotes(*name) + ' ' +
                                 config::why_no_account(id.error()));
    return *id;
}

Result<Access> access_of(const std::string &node)
{
    struct stat status{};
    if (::stat(node.c_str(), &status) == -1)
        return failure(errno, "stat of the node");

    return Access{ .mode = status.st_mode & ALLPERMS,
                   .owner = status.st_uid,
                   .group = status.st_gid };
}

/// The id for chown(2), which takes -1 for "as it is".
template <class Id>
Id changed(Id from, Id to)
{
    return from == to ? static_cast<Id>(-1) : to;
}

/// One system call.
Status step(const std::string &node, const Access &from, const Access &to)
{
    if (from.mode != to.mode)
        return check_done("chmod of the node", ::chmod(node.c_str(), to.mode));

    return check_done("chown of the node", ::chown(node.c_str(), changed(from.owner, to.owner),
                                                   changed(from.group, to.group)));
}

} // namespace

cuse::NodePermissions resolved(const std::string &whose, const config::Permissions &permissions)
{
    return { .mode = permissions.mode,
             .owner = found(whose + ": owner", permissions.owner, config::resolve_owner),
             .group = found(whose + ": group", permissions.group, config::resolve_group) };
}

std::vector<Access> way(const Access &now, const Access &wanted)
{
    // While it changes hands, it allows what both allow: the old bits are not for its next owner,
    // and the new ones not for its last.
    const mode_t common = now.mode & wanted.mode;
    std::vector<Access> moments{
        now,
        { .mode = common, .owner = now.owner, .group = now.group },
        { .mode = common, .owner = wanted.owner, .group = wanted.group },
        wanted,
    };
    moments.erase(std::ranges::unique(moments).begin(), moments.end());
    moments.erase(moments.begin());
    return moments;
}

Status apply_to(const std::string &node, const cuse::NodePermissions &permissions)
{
    auto now = access_of(node);
    if (!now)
        return std::unexpected(now.error());

    const Access wanted{ .mode = permissions.mode.value_or(now->mode),
                         .owner = permissions.owner.value_or(now->owner),
                         .group = permissions.group.value_or(now->group) };
    for (const Access &next : way(*now, wanted)) {
        if (auto done = step(node, *now, next); !done)
            return done;
        now = next;
    }
    return {};
}

} // namespace dmaheap::daemon

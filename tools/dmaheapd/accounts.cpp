// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/accounts.h"

#include <charconv>
#include <cstring>
#include <limits>
#include <vector>

#include <grp.h>
#include <pwd.h>

namespace dmaheap::config {

namespace {

constexpr std::size_t kFirstTry = 1024;
constexpr std::size_t kLargestEntry = std::size_t{ 1 } << 20; // groups list all their members

/// One of the two databases, for look_up().
struct Users {
    static constexpr auto kFind = ::getpwnam_r;
    static constexpr auto kId = &passwd::pw_uid;
    static constexpr const char *kStep = "user";
    using Record = passwd;
};

struct Groups {
    static constexpr auto kFind = ::getgrnam_r;
    static constexpr auto kId = &group::gr_gid;
    static constexpr const char *kStep = "group";
    using Record = group;
};

template <class Database>
Result<id_t> look_up(const std::string &name)
{
    typename Database::Record record{};
    typename Database::Record *found = nullptr;
    for (std::size_t size = kFirstTry; size <= kLargestEntry; size *= 2) {
        std::vector<char> strings(size);
        const int code =
            Database::kFind(name.c_str(), &record, strings.data(), strings.size(), &found);
        if (found)
            return found->*Database::kId;
        if (code == 0)
            return failure(ENOENT, Database::kStep);
        if (code != ERANGE)
            return failure(code, Database::kStep);
    }
    return failure(ERANGE, Database::kStep);
}

/// ENOENT for what is not a number, ERANGE for one that is no id: -1 is "unchanged" to chown(2).
Result<id_t> number(const std::string &text, const char *step)
{
    id_t id = 0;
    const char *const end = text.data() + text.size();
    const auto [rest, status] = std::from_chars(text.data(), end, id);
    if (rest != end || text.empty())
        return failure(ENOENT, step);
    if (status != std::errc() || id == std::numeric_limits<id_t>::max())
        return failure(ERANGE, step);

    return id;
}

template <class Database>
Result<id_t> resolve(const std::string &text)
{
    auto named = look_up<Database>(text);
    if (named || named.error().code != ENOENT)
        return named;

    return number(text, Database::kStep);
}

} // namespace

Result<uid_t> resolve_owner(const std::string &user)
{
    return resolve<Users>(user);
}

Result<gid_t> resolve_group(const std::string &group)
{
    return resolve<Groups>(group);
}

std::string why_no_account(const Error &error)
{
    const std::string kind = error.step;
    if (error.code == ENOENT)
        return "is no " + kind + " of this machine, and no number";
    if (error.code == ERANGE)
        return "is above 4294967294, the largest number of a " + kind;

    return "cannot be looked up: " + std::string(std::strerror(error.code));
}

} // namespace dmaheap::config

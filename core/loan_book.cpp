// SPDX-License-Identifier: MIT
#include "core/loan_book.h"

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <sys/file.h>
#include <sys/stat.h>

#include "core/huge_pages.h"
#include "core/sys.h"

namespace dmaheap::huge_pages {

namespace {

constexpr mode_t kFolderMode = 0755;

/// By how much the pool is larger for that loan. One that was not confirmed may not have been made
/// any more, so it cannot be more than the pool has grown by.
std::uint64_t count_of(const LoanBook::Entry &planned, std::istream &more)
{
    if (std::uint64_t confirmed = 0; more >> confirmed)
        return confirmed;

    const auto now = in_pool(planned.page).value_or(0);
    return std::min(planned.count, now - std::min(now, planned.before));
}

/// Returns how many pages that were: none when its owner lives, or when it tells nothing.
std::uint64_t settle_file(const std::string &path)
{
    const auto file = sys::open(path.c_str(), O_RDONLY | O_NOFOLLOW);
    if (!file || ::flock(file->get(), LOCK_EX | LOCK_NB) == -1)
        return 0;

    std::istringstream text(sys::read_text(path.c_str()).value_or(""));
    LoanBook::Entry planned{};
    const bool told = static_cast<bool>(text >> planned.page >> planned.before >> planned.count);
    const auto count = told ? count_of(planned, text) : 0;
    ::unlink(path.c_str());
    return count != 0 && change_pool(planned.page, -static_cast<std::int64_t>(count)) ? count : 0;
}

bool is_our_own(int folder)
{
    struct stat status{};
    return ::fstat(folder, &status) == 0 && status.st_uid == ::geteuid() &&
           (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

} // namespace

LoanBook::Note::~Note()
{
    if (file_.valid())
        ::unlink(path_.c_str());
}

Status LoanBook::Note::add(const std::string &line) const
{
    const std::string text = line + "\n";
    return check_done("write", ::write(file_.get(), text.data(), text.size()));
}

/// So that nobody looks at a note that is being written, nor at a pool that is being changed.
Result<UniqueFd> LoanBook::lock_folder() const
{
    auto folder = sys::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!folder)
        return folder;
    if (!is_our_own(folder->get()))
        return failure(EPERM, "folder of another user");
    if (auto locked = check_done("flock", ::flock(folder->get(), LOCK_EX)); !locked)
        return std::unexpected(locked.error());

    return folder;
}

std::uint64_t LoanBook::settle() const
{
    const auto folder = lock_folder();
    if (!folder)
        return 0;

    std::vector<std::string> paths;
    std::error_code unreadable;
    for (const auto &entry : std::filesystem::directory_iterator(folder_, unreadable))
        paths.push_back(entry.path().string());
    std::uint64_t pages = 0;
    for (const std::string &path : paths)
        pages += settle_file(path);
    return pages;
}

Result<LoanBook::Note> LoanBook::add_note(const Entry &entry) const
{
    ::mkdir(std::filesystem::path(folder_).parent_path().c_str(), kFolderMode);
    ::mkdir(folder_.c_str(), kFolderMode);
    const auto folder = lock_folder();
    if (!folder)
        return std::unexpected(folder.error());

    std::string path = folder_ + "/XXXXXX";
    UniqueFd file(::mkostemp(path.data(), O_CLOEXEC));
    if (!file.valid())
        return failure(errno, "mkostemp");
    if (auto locked = check_done("flock", ::flock(file.get(), LOCK_EX)); !locked)
        return std::unexpected(locked.error());

    Note note(std::move(path), std::move(file));
    const auto added = note.add(std::to_string(entry.page) + " " + std::to_string(entry.before) +
                                " " + std::to_string(entry.count));
    if (!added)
        return std::unexpected(added.error());

    return note;
}

} // namespace dmaheap::huge_pages

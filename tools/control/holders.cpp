// SPDX-License-Identifier: MIT
#include "tools/control/holders.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <linux/kcmp.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "core/sys.h"

namespace dmaheap::control {

namespace {

using Folder = std::unique_ptr<DIR, int (*)(DIR *)>;
using Counts = std::map<Inode, Holder>;

Folder open_folder(const std::string &path)
{
    return { ::opendir(path.c_str()), ::closedir };
}

/// The entries that are numbers.
std::vector<pid_t> numbers_in(const std::string &path)
{
    std::vector<pid_t> numbers;
    const Folder folder = open_folder(path);
    while (const dirent *const entry = folder ? ::readdir(folder.get()) : nullptr) {
        const std::string_view name = entry->d_name;
        pid_t number = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
        if (error == std::errc() && end == name.data() + name.size())
            numbers.push_back(number);
    }
    std::ranges::sort(numbers);
    return numbers;
}

/// What a link of /proc leads to.
std::optional<Inode> file_behind(const std::string &link)
{
    const auto found = inode_of(link);
    return found ? std::optional(*found) : std::nullopt;
}

/// A line of maps: "START-END PERMS OFFSET MAJOR:MINOR INODE PATH".
std::optional<Inode> file_of_line(const std::string &line)
{
    unsigned major_number = 0;
    unsigned minor_number = 0;
    unsigned long inode = 0;
    if (std::sscanf(line.c_str(), "%*s %*s %*s %x:%x %lu", &major_number, &minor_number, &inode) !=
        3)
        return std::nullopt;

    return Inode{ .device = makedev(major_number, minor_number), .inode = inode };
}

void count(Counts &counts, const std::set<Inode> &files, const std::optional<Inode> &file,
           unsigned Holder::*what)
{
    if (file && files.contains(*file))
        ++(counts[*file].*what);
}

/// Those of one process do unless they say otherwise, which not every kernel can tell.
bool share_descriptors(pid_t one, pid_t other)
{
    const long differ = ::syscall(SYS_kcmp, one, other, KCMP_FILES, 0, 0);
    return differ == 0 || (differ == -1 && errno != ESRCH);
}

/// One thread for each table of descriptors that the process's threads have: they may have left
/// that of the first one, which may have ended.
std::vector<pid_t> with_own_tables(const std::vector<pid_t> &threads)
{
    std::vector<pid_t> found;
    for (const pid_t thread : threads)
        if (std::ranges::none_of(
                found, [thread](pid_t other) { return share_descriptors(thread, other); }))
            found.push_back(thread);
    return found;
}

/// Of the memory that all threads have in common; a thread that has ended has none.
void count_mappings(Counts &counts, const std::set<Inode> &files, const std::string &tasks,
                    const std::vector<pid_t> &threads)
{
    bool found = false;
    for (std::size_t at = 0; !found && at < threads.size(); ++at) {
        std::ifstream maps(tasks + std::to_string(threads[at]) + "/maps");
        for (std::string line; std::getline(maps, line); found = true)
            count(counts, files, file_of_line(line), &Holder::mappings);
    }
}

Counts counts_of(const std::string &process, const std::set<Inode> &files)
{
    const std::string tasks = process + "/task/";
    const std::vector<pid_t> threads = numbers_in(tasks);
    Counts counts;
    for (const pid_t thread : with_own_tables(threads)) {
        const std::string table = tasks + std::to_string(thread) + "/fd";
        for (const int descriptor : numbers_in(table))
            count(counts, files, file_behind(table + '/' + std::to_string(descriptor)),
                  &Holder::descriptors);
    }
    count_mappings(counts, files, tasks, threads);
    return counts;
}

} // namespace

Holders find_holders(const std::set<Inode> &files, const std::string &proc)
{
    Holders holders;
    for (const pid_t process : numbers_in(proc)) {
        if (process == ::getpid())
            continue;

        for (auto &[file, holder] : counts_of(proc + "/" + std::to_string(process), files)) {
            holder.process = process;
            holders[file].push_back(holder);
        }
    }
    return holders;
}

std::optional<Holders> HolderSearch::find(const std::set<Inode> &files, const std::string &proc)
{
    using std::future_status;
    if (under_way_.valid() && under_way_.wait_for(std::chrono::seconds(0)) != future_status::ready)
        return std::nullopt;

    std::packaged_task<Holders()> search([files, proc] { return find_holders(files, proc); });
    under_way_ = search.get_future();
    try {
        std::thread(std::move(search)).detach();
    } catch (const std::system_error &) {
        under_way_ = {};
        return std::nullopt;
    }
    if (under_way_.wait_for(patience_) != future_status::ready)
        return std::nullopt;

    return under_way_.get();
}

std::string name_of_process(pid_t process)
{
    auto text = sys::read_text(("/proc/" + std::to_string(process) + "/comm").c_str());
    if (!text)
        return "";

    std::erase(*text, '\n');
    return *std::move(text);
}

} // namespace dmaheap::control

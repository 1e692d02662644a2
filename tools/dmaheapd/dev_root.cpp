// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/dev_root.h"

#include <cstring>
#include <filesystem>
#include <stdexcept>

#include <fcntl.h>
#include <unistd.h>

#include <spdlog/spdlog.h>
#include <sys/file.h>

#include "core/sys.h"

namespace dmaheap::daemon {

namespace {

/// Throws for a name that is taken and may not be skipped.
bool is_free(const config::Heap &heap, const std::string &name, const std::string &folder)
{
    const std::string node = folder + "/" + name;
    if (::access(node.c_str(), F_OK) != 0)
        return true;
    if (heap.on_conflict != config::OnConflict::skip)
        throw std::runtime_error("heap " + heap.name + ": " + node +
                                 " exists already; give the heap another name, or on-conflict "
                                 "= \"skip\" to leave that node alone");

    spdlog::info("heap {}: {} exists already; skipped", heap.name, node);
    return false;
}

} // namespace

DevRootLock::DevRootLock(const std::string &dev_root)
{
    auto folder = sys::open(dev_root.c_str(), O_RDONLY | O_DIRECTORY);
    if (!folder)
        throw std::runtime_error("dev-root " + dev_root + ": " +
                                 std::strerror(folder.error().code));
    if (::flock(folder->get(), LOCK_EX | LOCK_NB) == -1)
        throw std::runtime_error("another dmaheapd serves under " + dev_root +
                                 "; stop it, or give this one another --dev-root");

    folder_ = *std::move(folder);
}

std::vector<config::Heap> without_conflicts(const std::vector<config::Heap> &heaps,
                                            const std::string &folder,
                                            const std::set<std::string> &our)
{
    const auto is_to_be_had = [&](const config::Heap &heap, const std::string &name) {
        return our.contains(name) || is_free(heap, name, folder);
    };
    std::vector<config::Heap> free;
    for (const config::Heap &heap : heaps) {
        if (!is_to_be_had(heap, heap.name))
            continue;

        free.push_back(heap);
        std::erase_if(free.back().aliases,
                      [&](const std::string &alias) { return !is_to_be_had(heap, alias); });
    }
    return free;
}

void require_empty(const std::string &folder)
{
    std::error_code missing;
    for (const auto &entry : std::filesystem::directory_iterator(folder, missing))
        throw std::runtime_error("the mount on " + folder + " would hide " + entry.path().string() +
                                 "; use --frontend cuse, or another --dev-root");
}

} // namespace dmaheap::daemon

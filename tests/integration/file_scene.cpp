// SPDX-License-Identifier: MIT
#include "tests/integration/file_scene.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <unistd.h>

#include <linux/magic.h>
#include <sys/statfs.h>

#include "tests/support/catch.h"
#include "tests/support/combination.h"

namespace dmaheap::test {

Folder::Folder()
{
    REQUIRE(::mkdtemp(path_.data()) != nullptr);
}

Folder::~Folder()
{
    std::filesystem::remove_all(path_);
}

Window::Window(const std::string &path)
    : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644))
{
    REQUIRE(::ftruncate(fd_.get(), kFileSize) == 0);
    map_.emplace(*Mapping::shared(fd_.get(), 0, kFileSize));
    fill(0, kFileSize, 'x');
}

long Window::count(unsigned char value) const
{
    return std::count(bytes(), bytes() + kFileSize, value);
}

long Window::first(unsigned char value) const
{
    return std::find(bytes(), bytes() + kFileSize, value) - bytes();
}

void Window::fill(long offset, long size, unsigned char value)
{
    std::fill_n(bytes() + offset, size, value);
}

unsigned char *Window::bytes() const
{
    return reinterpret_cast<unsigned char *>(map_->data());
}

bool files_cannot_be_run()
{
    struct statfs status{};
    if (::statfs(kTmpfs, &status) == 0 && status.f_type == TMPFS_MAGIC)
        return false;

    skip("regions that are files", std::string(kTmpfs) + " is no tmpfs");
    return true;
}

std::string exporter_with_files()
{
    return chosen().exporter == "udmabuf" ? "auto" : chosen().exporter;
}

std::string line(const std::string &key, const std::string &value)
{
    return key + " = \"" + value + "\"\n";
}

std::string board(const std::string &region, const std::string &heap)
{
    return "[region.window]\n" + region + "[heap." + heap +
           "]\npolicy = \"carveout\"\nregion = \"window\"\n";
}

std::string config_in(const Folder &folder, const std::string &text)
{
    std::string path = folder.file("board.toml");
    std::ofstream(path) << text;
    return path;
}

FileScene::FileScene(const std::string &more)
    : window(folder.file("window")),
      scene({ .heaps = {},
              .exporter = exporter_with_files(),
              .more = { "-c",
                        config_in(folder, board(line("file", folder.file("window"))) + more) } }),
      opened(scene.daemon)
{
}

} // namespace dmaheap::test

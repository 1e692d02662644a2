// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "core/mapping.h"
#include "core/unique_fd.h"
#include "tests/integration/scene.h"

/// Regions that are files, which other processes have mapped too: here the test itself.
namespace dmaheap::test {

constexpr long kFileSize = 512L << 10;
constexpr const char *kTmpfs = "/dev/shm";

/// Files of tmpfs.
class Folder {
public:
    Folder();
    Folder(const Folder &) = delete;
    Folder &operator=(const Folder &) = delete;
    ~Folder();

    [[nodiscard]] std::string file(const std::string &name) const { return path_ + "/" + name; }

private:
    std::string path_ = std::string(kTmpfs) + "/dmaheapd-test-XXXXXX";
};

/// A file that is full of something.
class Window {
public:
    explicit Window(const std::string &path);

    /// How many bytes of the file are that value.
    [[nodiscard]] long count(unsigned char value) const;
    [[nodiscard]] long first(unsigned char value) const;
    void fill(long offset, long size, unsigned char value);

private:
    [[nodiscard]] unsigned char *bytes() const;

    UniqueFd fd_;
    std::optional<Mapping> map_;
};

/// Why this cannot be run; it says so itself.
bool files_cannot_be_run();

/// What the daemon needs to be told, so that there are heaps over files and, where the chosen
/// exporter is udmabuf, others of udmabufs.
std::string exporter_with_files();

/// `KEY = "VALUE"`
std::string line(const std::string &key, const std::string &value);

/// A region with that heap over it.
std::string board(const std::string &region, const std::string &heap = kHeap);

std::string config_in(const Folder &folder, const std::string &text);

/// A daemon with one heap over a file, and what `more` says of others; and a client.
struct FileScene {
    explicit FileScene(const std::string &more = "");

    Folder folder;
    Window window;
    Scene scene;
    Opened opened;
    Client &client = opened.client;
};

} // namespace dmaheap::test

// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace dmaheap::test {

/// A new folder that every user may enter. Its end unmounts what is mounted in it, and removes it.
class TempDir {
public:
    TempDir();
    TempDir(const TempDir &) = delete;
    TempDir &operator=(const TempDir &) = delete;
    ~TempDir();

    [[nodiscard]] const std::string &path() const { return path_; }

private:
    std::string path_;
};

/// How many mounts there are at or below `path`.
int mounts_under(const std::string &path);

} // namespace dmaheap::test

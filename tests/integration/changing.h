// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>
#include <cstddef>
#include <fstream>
#include <string>
#include <vector>

#include "tests/integration/scene.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace dmaheap::test {

/// A daemon whose config is written anew while it runs.
class Changing {
public:
    /// `exporter`: instead of the chosen one.
    explicit Changing(const std::string &text, const std::string &exporter = "")
        : path_(folder_.path() + "/board.toml"),
          scene_({ .heaps = {}, .exporter = exporter, .more = arguments(text) })
    {
    }

    Daemon &daemon() { return scene_.daemon; }

    /// Waits until it has been looked at.
    void change(const std::string &text)
    {
        write(text);
        const std::size_t before = looks();
        REQUIRE(::kill(daemon().pid(), SIGHUP) == 0);
        REQUIRE(await([&] { return looks() > before; }));
    }

    std::size_t logged(const std::string &text) { return daemon().log().matching(text).size(); }

private:
    std::vector<std::string> arguments(const std::string &text)
    {
        write(text);
        return { "-c", path_ };
    }
    void write(const std::string &text) const { std::ofstream(path_) << text; }
    std::size_t looks()
    {
        return logged("SIGHUP: serving") + logged("SIGHUP: everything stays as it was");
    }

    TempDir folder_;
    std::string path_;
    Scene scene_;
};

} // namespace dmaheap::test

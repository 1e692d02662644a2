// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/connections.h"
#include "tests/support/log_file.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace dmaheap::test {

class NotifySocket;

/// The heap of most tests: a name that no kernel gives.
constexpr const char *kHeap = "integration";

struct DaemonOptions {
    std::vector<std::string> heaps = { kHeap };
    std::string root = {};              ///< for FUSE; empty: a folder of its own
    int namespaces = 0;                 ///< CLONE_NEW..., to start it in
    std::string exporter = {};          ///< empty: the chosen one
    std::vector<std::string> more = {}; ///< further arguments
};

/// With the chosen frontend. CUSE has its nodes in /dev, whatever the root.
std::vector<std::string> daemon_command(const DaemonOptions &options, const std::string &root);

/// What the daemon says about a heap.
struct Live {
    long buffers;
    long bytes;
    long limit;
};

/// A daemon under test. It serves when the constructor is done; its end kills it, and takes away
/// whatever it has left.
class Daemon {
public:
    /// Throws, with the log, when it does not start.
    explicit Daemon(DaemonOptions options = {});
    Daemon(const Daemon &) = delete;
    Daemon &operator=(const Daemon &) = delete;
    ~Daemon();

    [[nodiscard]] pid_t pid() const { return process_->pid(); }
    [[nodiscard]] const Process &process() const { return *process_; }
    [[nodiscard]] const std::string &root() const { return root_; }
    [[nodiscard]] std::string node(const std::string &heap = kHeap) const;
    /// The path of its control socket.
    [[nodiscard]] std::string control() const;
    LogFile &log() { return log_; }

    /// Asks it. Throws when it does not answer.
    Live live(const std::string &heap = kHeap);
    /// Waits until it has noticed that only so many buffers are still in use.
    bool await_live(long buffers, const std::string &heap = kHeap);
    /// Stops all its threads, until resume().
    void pause();
    void resume();
    /// Sends the signal and waits for the end.
    std::optional<Outcome> stop(int signal = SIGTERM);

private:
    bool await_ready(const NotifySocket &notify);
    void end();

    TempDir own_;
    std::string root_;
    LogFile log_;
    int exceptions_; ///< under way when it was made: more at its end are a failed test
    std::optional<Process> process_;
    std::optional<Connections> connections_;
};

} // namespace dmaheap::test

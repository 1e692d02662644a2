// SPDX-License-Identifier: MIT
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "core/unique_fd.h"
#include "tests/support/deadline.h"

namespace dmaheap::test {

/// What is to be started, and with what. Nothing else is passed on.
struct Launch {
    std::vector<std::string> command = {};     ///< the path first
    std::vector<std::string> environment = {}; ///< NAME=VALUE, besides our own
    std::vector<int> descriptors = {};         ///< become 0, 1, 2, ...; -1 is /dev/null
    int namespaces = 0;                        ///< CLONE_NEW..., of its first process
    bool may_trace = true;                     ///< keeps CAP_SYS_PTRACE, if we have it
};

/// How a process ended, or that it has stopped.
struct Outcome {
    enum class Kind { exited, killed, stopped } kind;
    int number; ///< exit status or signal

    friend bool operator==(const Outcome &, const Outcome &) = default;
};

Outcome exited(int status);
Outcome killed(int signal);
Outcome stopped(int signal);
std::ostream &operator<<(std::ostream &out, const Outcome &outcome);

/// A process that a test has started. Its end kills and reaps it; it dies with the test as well.
class Process {
public:
    explicit Process(const Launch &launch);
    Process(const Process &) = delete;
    Process &operator=(const Process &) = delete;
    ~Process();

    [[nodiscard]] pid_t pid() const { return pid_; }
    void signal(int number) const;
    /// Readable when it has ended.
    [[nodiscard]] int fd() const { return pidfd_.get(); }
    /// Nothing when it still runs at the deadline. An outcome is given again when asked again.
    std::optional<Outcome> wait(const Deadline &deadline = Deadline{});
    /// Waits until it has been stopped by a signal, or has ended. Each stop is reported once.
    std::optional<Outcome> wait_stopped(const Deadline &deadline = Deadline{});

private:
    pid_t pid_ = -1;
    UniqueFd pidfd_;
    std::optional<Outcome> outcome_;
};

/// Runs a program to its end, as a client; `output` is both its streams.
struct Ran {
    std::optional<Outcome> outcome; ///< nothing: it had to be killed
    std::string output;
};
Ran run(std::vector<std::string> command, const Deadline &deadline = Deadline{});

} // namespace dmaheap::test

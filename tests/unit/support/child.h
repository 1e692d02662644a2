// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

#include <sys/types.h>

#include "core/unique_fd.h"

namespace dmaheap::test {

/// One end of a line between a test and its child. The child's memory starts as a copy of the
/// test's, so that addresses mean the same in both.
class Line {
public:
    explicit Line(int end) : end_(end) {}

    void say(long value = 0) const;
    /// What the other one said; -1 when it is gone.
    long hear() const;

private:
    UniqueFd end_;
};

/// A process that runs a function and exits with what it returns. Dies with the test; its end
/// kills and reaps it.
class Child {
public:
    explicit Child(const std::function<int(const Line &)> &body);
    Child(const Child &) = delete;
    Child &operator=(const Child &) = delete;
    ~Child();

    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] const Line &line() const { return line_; }
    void kill(int signal) const;

    /// Waits for its end: its exit status, or 128 and the signal that killed it.
    int wait();
    /// Waits until it sleeps in the kernel, in this system call.
    [[nodiscard]] bool sleeps_in(long system_call) const;

private:
    explicit Child(const std::pair<int, int> &ends, const std::function<int(const Line &)> &body);

    Line line_;
    pid_t pid_ = -1;
};

/// What a child does that only waits to be worked on.
int sleep_until_killed(const Line &line);

} // namespace dmaheap::test

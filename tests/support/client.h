// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "core/unique_fd.h"
#include "tests/support/line_reader.h"
#include "tests/support/process.h"

namespace dmaheap::test {

/// Where a program that plays a client is; `client-32` is its 32-bit form.
std::string victim(const std::string &name);
/// Those of `names` that were built; the others are noted as skipped.
std::vector<std::string> victims(const std::vector<std::string> &names);

/// What the obedient client says.
struct Answer {
    std::vector<std::string> words; ///< `ok` or `error`, then values; empty: it said nothing

    [[nodiscard]] bool ok() const { return !words.empty() && words[0] == "ok"; }
    /// 0 when all is well; -1 when it said nothing.
    [[nodiscard]] int error() const;
    /// A value; -1 when there is none.
    [[nodiscard]] long long value(std::size_t index = 0) const;
};

/// A program that opens, allocates, maps and passes on as it is told: see victims/client.c.
class Client {
public:
    /// `peer` becomes its socket to another client.
    explicit Client(const std::string &name = "client", int namespaces = 0, int peer = -1);

    /// A command and its words.
    template <class... Words>
    void tell(const Words &...words);
    Answer hear(const Deadline &deadline = Deadline{});
    template <class... Words>
    Answer ask(const Words &...words);
    /// The value of an `ok`; throws when there is none.
    template <class... Words>
    long long get(const Words &...words);
    /// The errno; 0: there is none.
    template <class... Words>
    int error(const Words &...words);

    /// Where its answers come from.
    [[nodiscard]] int output() const { return output_.get(); }
    [[nodiscard]] pid_t pid() const { return process_->pid(); }
    Process &process() { return *process_; }

private:
    void send(const std::string &line);
    long long expect(const std::string &line);

    UniqueFd input_;
    UniqueFd output_;
    LineReader reader_;
    std::optional<Process> process_;
};

/// Two clients with a socket between them.
struct Pair {
    explicit Pair(const std::string &name = "client");

private:
    std::pair<UniqueFd, UniqueFd> ends_;

public:
    Client first;
    Client second;
};

template <class... Words>
std::string line_of(const Words &...words)
{
    std::ostringstream text;
    ((text << words << ' '), ...);
    return text.str();
}

template <class... Words>
void Client::tell(const Words &...words)
{
    send(line_of(words...));
}

template <class... Words>
Answer Client::ask(const Words &...words)
{
    tell(words...);
    return hear();
}

template <class... Words>
long long Client::get(const Words &...words)
{
    return expect(line_of(words...));
}

template <class... Words>
int Client::error(const Words &...words)
{
    return ask(words...).error();
}

} // namespace dmaheap::test

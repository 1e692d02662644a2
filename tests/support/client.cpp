// SPDX-License-Identifier: MIT
#include "tests/support/client.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/wait.h>

#include "tests/support/combination.h"

namespace dmaheap::test {
namespace {

std::pair<UniqueFd, UniqueFd> checked(int result, const std::array<int, 2> &ends)
{
    if (result != 0)
        throw std::system_error(errno, std::generic_category(), "a pair of descriptors");
    return { UniqueFd(ends[0]), UniqueFd(ends[1]) };
}

std::pair<UniqueFd, UniqueFd> make_pipe()
{
    std::array<int, 2> ends{};
    return checked(::pipe2(ends.data(), O_CLOEXEC), ends);
}

std::pair<UniqueFd, UniqueFd> make_sockets()
{
    std::array<int, 2> ends{};
    return checked(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), ends);
}

// Kernels can be built, or told, to leave the programs of 32 bits alone.
bool can_be_executed(const std::string &path)
{
    std::array<char *, 2> arguments{ const_cast<char *>(path.c_str()), nullptr };
    posix_spawn_file_actions_t silence;
    posix_spawn_file_actions_init(&silence);
    posix_spawn_file_actions_addopen(&silence, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    for (const int output : { STDOUT_FILENO, STDERR_FILENO })
        posix_spawn_file_actions_addopen(&silence, output, "/dev/null", O_WRONLY, 0);
    pid_t child = 0;
    const int error =
        ::posix_spawn(&child, path.c_str(), &silence, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&silence);
    if (error == 0)
        ::waitpid(child, nullptr, 0);
    return error != ENOEXEC;
}

} // namespace

std::string victim(const std::string &name)
{
    const char *folder = std::getenv("VICTIM_DIR");
    return std::string(folder == nullptr ? "." : folder) + "/" + name;
}

std::vector<std::string> victims(const std::vector<std::string> &names)
{
    std::vector<std::string> found;
    for (const std::string &name : names) {
        if (::access(victim(name).c_str(), X_OK) != 0)
            skip(name, "was not built (no compiler for it on this machine)");
        else if (name.contains("-32") && !can_be_executed(victim(name)))
            skip(name, "is for 32 bits, and this kernel executes no such programs");
        else
            found.push_back(name);
    }
    return found;
}

int Answer::error() const
{
    if (ok())
        return 0;
    return words.size() < 2 ? -1 : std::stoi(words[1]);
}

long long Answer::value(std::size_t index) const
{
    return ok() && words.size() > index + 1 ? std::stoll(words[index + 1]) : -1;
}

Client::Client(const std::string &name, int namespaces, int peer) : reader_(-1)
{
    auto commands = make_pipe();
    auto answers = make_pipe();

    process_.emplace(
        Launch{ .command = { victim(name) },
                .environment = {},
                .descriptors = { commands.first.get(), answers.second.get(), STDERR_FILENO, peer },
                .namespaces = namespaces,
                .may_trace = chosen().clients_may_trace() });
    input_ = std::move(commands.second);
    output_ = std::move(answers.first);
    reader_ = LineReader(output_.get());
}

// A client that has been killed reads no more: that is for the answer to tell.
void Client::send(const std::string &line)
{
    const std::string whole = line + "\n";
    if (::write(input_.get(), whole.data(), whole.size()) < 0 && errno != EPIPE)
        throw std::system_error(errno, std::generic_category(), line);
}

Answer Client::hear(const Deadline &deadline)
{
    Answer answer;
    if (const auto line = reader_.next(deadline)) {
        std::istringstream text(*line);
        for (std::string word; text >> word;)
            answer.words.push_back(word);
    }
    return answer;
}

long long Client::expect(const std::string &line)
{
    send(line);
    const Answer answer = hear();
    if (answer.ok())
        return answer.value();

    std::string text = line + ":";
    for (const std::string &word : answer.words)
        text += " " + word;
    throw std::runtime_error(answer.words.empty() ? text + " no answer" : text);
}

Pair::Pair(const std::string &name)
    : ends_(make_sockets()), first(name, 0, ends_.first.get()), second(name, 0, ends_.second.get())
{
}

} // namespace dmaheap::test

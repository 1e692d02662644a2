// SPDX-License-Identifier: MIT
//
// Whatever is done to the control socket, the heaps go on.
#include <algorithm>
#include <list>

#include <sys/resource.h>
#include <sys/socket.h>

#include "tests/integration/scene.h"
#include "tests/support/catch.h"
#include "tests/support/control.h"

using namespace dmaheap::test;
using dmaheap::UniqueFd;

namespace {

constexpr const char *kQuestion = "{\"version\":1,\"command\":\"heaps\"}\n";

void allow_many_descriptors()
{
    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// A client that allocates all the while.
class Bystander {
public:
    explicit Bystander(Daemon &daemon) : daemon_(daemon), opened_(daemon)
    {
        opened_.client.tell("cycle", opened_.heap, 4096, kCycles);
    }

    void expect_undisturbed()
    {
        CHECK(opened_.client.hear().value() == kCycles);
        CHECK(ctl(daemon_, { "heaps" }).outcome == exited(0));
    }

private:
    static constexpr int kCycles = 1000;

    Daemon &daemon_;
    Opened opened_;
};

} // namespace

TEST_CASE("control abuse: what is no request is refused, and the next one answered", "[control]")
{
    Scene scene;
    Bystander bystander(scene.daemon);
    const UniqueFd socket = connect_to_control(scene.daemon);
    for (const std::string &line :
         { std::string("garbage"), std::string("\xff\xfe\x00\x01", 4), std::string("{"),
           std::string("[]"), std::string("{\"version\":1}"),
           std::string("{\"version\":2,\"command\":\"heaps\"}"),
           std::string("{\"version\":\"1\",\"command\":\"heaps\"}"),
           std::string("{\"version\":1,\"command\":7}"),
           std::string("{\"version\":1,\"command\":\"format\"}"),
           std::string("{\"version\":1,\"command\":\"heaps\",\"colour\":1}"),
           std::string("{\"version\":1,\"command\":\"buffers\",\"pid\":-1}"),
           std::string("{\"version\":1,\"command\":\"buffers\",\"heap\":[]}"),
           std::string("{\"version\":1,\"command\":\"set-limits\",\"limit\":1e99}"),
           std::string(
               "{\"version\":1,\"command\":\"set-faults\",\"heap\":\"x\",\"probability\":7}"),
           std::string(30000, '['), std::string(60000, 'x') }) {
        INFO(line.substr(0, 80));
        send_text(socket, line + "\n");
        const auto answer = nlohmann::json::parse(receive_line(socket), nullptr, false);
        REQUIRE(answer.is_object());
        CHECK(answer["version"] == 1);
        CHECK(answer["error"]["message"].is_string());
    }

    send_text(socket, kQuestion);
    CHECK(receive_line(socket).contains(kHeap));
    bystander.expect_undisturbed();
}

TEST_CASE("control abuse: a line without an end is refused, and the connection closed", "[control]")
{
    Scene scene;
    Bystander bystander(scene.daemon);
    const UniqueFd socket = connect_to_control(scene.daemon);

    send_text(socket, std::string(1 << 20, 'x'));

    CHECK(receive_line(socket).contains("longer than"));
    CHECK(receive_line(socket).empty());
    bystander.expect_undisturbed();
}

TEST_CASE("control abuse: half a line and an end leave nothing", "[control]")
{
    Scene scene;
    CHECK(ctl(scene.daemon, { "heaps" }).outcome == exited(0));
    Balance balance(scene.daemon);
    {
        Bystander bystander(scene.daemon);
        for (int time = 0; time < 20; ++time)
            send_text(connect_to_control(scene.daemon), "{\"version\":1,\"comm");
        bystander.expect_undisturbed();
    }
    CHECK(balance.difference() == "");
}

TEST_CASE("control abuse: a line that comes in pieces is one line", "[control]")
{
    Scene scene;
    const UniqueFd socket = connect_to_control(scene.daemon);

    for (const char letter : std::string(kQuestion))
        send_text(socket, std::string(1, letter));

    CHECK(receive_line(socket).contains(kHeap));
}

TEST_CASE("control abuse: many lines at once have an answer each", "[control]")
{
    Scene scene;
    const UniqueFd socket = connect_to_control(scene.daemon);
    std::string questions;
    for (int time = 0; time < 50; ++time)
        questions += kQuestion;

    send_text(socket, questions);

    for (int time = 0; time < 50; ++time)
        CHECK(receive_line(socket).contains(kHeap));
}

TEST_CASE("control abuse: a thousand connections disturb nobody", "[control]")
{
    allow_many_descriptors();
    Scene scene;
    Balance balance(scene.daemon);
    {
        Bystander bystander(scene.daemon);
        std::list<UniqueFd> sockets;
        for (int time = 0; time < 1000; ++time)
            sockets.push_back(connect_to_control(scene.daemon));
        const auto connected = [](const UniqueFd &socket) { return socket.valid(); };
        CHECK(std::ranges::count_if(sockets, connected) == 1000);

        CHECK(receive_line(sockets.back()).contains("too many connections"));
        sockets.clear();
        CHECK(await([&] { return ctl(scene.daemon, { "heaps" }).outcome == exited(0); }));
        bystander.expect_undisturbed();
    }
    CHECK(balance.difference() == "");
}

TEST_CASE("control abuse: a client that never reads disturbs nobody", "[control]")
{
    Scene scene;
    Bystander bystander(scene.daemon);
    std::list<UniqueFd> sockets;
    for (int time = 0; time < 8; ++time) {
        sockets.push_back(connect_to_control(scene.daemon));
        for (int question = 0; question < 5000; ++question)
            if (::send(sockets.back().get(), kQuestion, std::string(kQuestion).size(),
                       MSG_DONTWAIT | MSG_NOSIGNAL) <= 0)
                break;
    }

    bystander.expect_undisturbed();
    CHECK(scene.daemon.stop() == exited(0));
}

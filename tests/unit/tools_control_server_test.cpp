// SPDX-License-Identifier: MIT
#include <filesystem>
#include <fstream>
#include <string>

#include <sys/socket.h>
#include <sys/stat.h>

#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"
#include "tools/control/address.h"
#include "tools/control/client.h"
#include "tools/control/server.h"

using namespace dmaheap;
using namespace dmaheap::control;

namespace {

/// Says what it is told, and how large a text is wanted.
Answer<Json> echo(const Request &request, const Peer & /*peer*/)
{
    if (request.command == "large")
        return Json(std::string(4U << 20, 'x'));
    return Json(request.command);
}

struct Fixture {
    test::TempDir folder;
    std::string path = folder.path() + "/new/control.sock";
    Server server{ path, std::nullopt, echo };
};

std::string refusal_of(const std::string &path)
{
    try {
        const Server server(path, std::nullopt, echo);
    } catch (const std::exception &error) {
        return error.what();
    }
    return "";
}

} // namespace

TEST_CASE_METHOD(Fixture, "control server: answers one request after the other", "[tools]")
{
    auto client = Client::connect(path);
    REQUIRE(client);

    for (const std::string command : { "one", "two", "three" })
        CHECK(client->ask({ .command = command, .arguments = Json::object() }) == Json(command));
    CHECK(client->ask({ .command = "large", .arguments = Json::object() })
              ->get<std::string>()
              .size() == 4U << 20);
}

TEST_CASE_METHOD(Fixture, "control server: its socket is root's, and goes with it", "[tools]")
{
    struct stat attributes{};
    REQUIRE(::stat(path.c_str(), &attributes) == 0);
    CHECK((attributes.st_mode & 07777) == 0600);

    const std::string second = folder.path() + "/second.sock";
    {
        const Server other(second, std::nullopt, echo);
        CHECK(std::filesystem::exists(second));
    }
    CHECK_FALSE(std::filesystem::exists(second));
}

TEST_CASE_METHOD(Fixture, "control server: a place that is taken is refused, and stays", "[tools]")
{
    const std::string file = folder.path() + "/file";
    std::ofstream(file) << "text";

    CHECK(refusal_of(path).contains("another dmaheapd"));
    CHECK(refusal_of(file).contains("no socket"));
    CHECK(refusal_of(folder.path() + "/missing/too/x.sock").contains("bind"));
    CHECK(refusal_of('/' + std::string(200, 'x')).contains("too long"));

    CHECK(Client::connect(path));
    CHECK(std::filesystem::file_size(file) == 4);
}

TEST_CASE("control server: the socket of one that is gone is replaced", "[tools]")
{
    const test::TempDir folder;
    const std::string path = folder.path() + "/control.sock";
    {
        const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
        const auto address = address_of(path);
        REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr *>(&*address),
                       sizeof *address) == 0);
    }
    REQUIRE(std::filesystem::exists(path));

    CHECK(refusal_of(path).empty());
}

TEST_CASE_METHOD(Fixture, "control server: who does not read keeps nobody waiting", "[tools]")
{
    const auto silent = connect_to(path);
    REQUIRE(silent);
    const std::string question = to_line({ .command = "large", .arguments = Json::object() });
    for (int time = 0; time < 3; ++time)
        REQUIRE(::send(silent->get(), question.data(), question.size(), 0) > 0);

    auto client = Client::connect(path);

    REQUIRE(client);
    CHECK(client->ask({ .command = "one", .arguments = Json::object() }) == Json("one"));
}

TEST_CASE("control server: a client that finds nobody is told what to do", "[tools]")
{
    const test::TempDir folder;
    std::ofstream(folder.path() + "/file") << "text";

    CHECK(Client::connect(folder.path() + "/none").error().message.contains("start it with"));
    CHECK(Client::connect(folder.path() + "/file").error().message.contains("is no socket"));
}

// SPDX-License-Identifier: MIT
//
// Eight clients do as they like for a while, and each second the daemon's own view of what is live
// is compared with what they hold. DMAHEAPD_TEST_SOAK=600 makes it ten minutes.
#include <cstdlib>
#include <fstream>
#include <list>
#include <map>
#include <memory>
#include <random>
#include <set>

#include "tests/integration/scene.h"
#include "tests/support/catch.h"
#include "tests/support/combination.h"
#include "tests/support/control.h"
#include "tests/support/proc.h"

using namespace dmaheap::test;

namespace {

constexpr int kPage = 4096;
constexpr std::size_t kMostHeld = 16; // by one client
constexpr long kMemoryKiB = 16 << 10; // that an allocator may keep for later

std::chrono::seconds duration()
{
    const char *const text = std::getenv("DMAHEAPD_TEST_SOAK");
    const int by_default = slowness() == 1 ? 30 : 10; // a slow machine has other tests to do
    return std::chrono::seconds(text == nullptr ? by_default : std::atoi(text));
}

long memory_of(pid_t process)
{
    std::ifstream status("/proc/" + std::to_string(process) + "/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("RssAnon:"))
            return std::atol(line.c_str() + 8);
    return 0;
}

// What a client has of a buffer: a descriptor or a mapping.
struct Hold {
    long long handle;
    int buffer;
};

struct Player {
    explicit Player(Client &its) : client(its) {}

    Client &client;
    long long heap = -1;
    std::vector<Hold> descriptors;
    std::vector<Hold> mappings;
};

// Two clients that pass buffers on to each other.
struct Team {
    explicit Team(const Daemon &daemon)
    {
        for (Player *player : { &first, &second })
            player->heap = player->client.get("open", daemon.node());
    }

    Pair pair;
    Player first{ pair.first };
    Player second{ pair.second };
};

class Game {
public:
    explicit Game(Daemon &daemon) : daemon_(daemon)
    {
        for (auto &team : teams_)
            team = std::make_unique<Team>(daemon_);
    }

    void play_one()
    {
        auto &team = teams_[below(std::size(teams_))];
        const bool swapped = below(2) == 0;
        Player &one = swapped ? team->second : team->first;
        Player &other = swapped ? team->first : team->second;
        const unsigned move = below(40);
        if (move == 0)
            kill(team);
        else if (move < 13)
            allocate(one);
        else if (move < 19)
            map(one);
        else if (move < 25)
            pass_on(one, other);
        else if (move < 31)
            drop(one.client, "unmap", one.mappings);
        else
            drop(one.client, "close", one.descriptors);
    }

    // Bytes of each buffer that somebody still has.
    [[nodiscard]] std::map<int, long> held() const
    {
        std::map<int, long> found;
        for (const auto &team : teams_)
            for (const Player *player : { &team->first, &team->second })
                for (const auto *holds : { &player->descriptors, &player->mappings })
                    for (const Hold &hold : *holds)
                        found[hold.buffer] = sizes_.at(hold.buffer);
        return found;
    }

    void end()
    {
        for (auto &team : teams_)
            team.reset();
    }

private:
    unsigned below(std::size_t end) { return static_cast<unsigned>(random_() % end); }

    void allocate(Player &player)
    {
        if (player.descriptors.size() >= kMostHeld)
            return;
        const int size = kPage * static_cast<int>(1 + below(64));
        const long long fd = player.client.get("alloc", player.heap, size);
        sizes_[++last_] = size;
        player.descriptors.push_back({ .handle = fd, .buffer = last_ });
    }

    void map(Player &player)
    {
        if (player.descriptors.empty() || player.mappings.size() >= kMostHeld)
            return;
        const Hold from = player.descriptors[below(player.descriptors.size())];
        const long long slot = player.client.get("map", from.handle, sizes_.at(from.buffer));
        player.mappings.push_back({ .handle = slot, .buffer = from.buffer });
    }

    void pass_on(Player &from, Player &to)
    {
        if (from.descriptors.empty() || to.descriptors.size() >= kMostHeld)
            return;
        const Hold sent = from.descriptors[below(from.descriptors.size())];
        from.client.get("send", sent.handle);
        to.descriptors.push_back({ .handle = to.client.get("receive"), .buffer = sent.buffer });
    }

    void drop(Client &client, const char *how, std::vector<Hold> &holds)
    {
        if (holds.empty())
            return;
        const auto at = holds.begin() + static_cast<std::ptrdiff_t>(below(holds.size()));
        client.get(how, at->handle);
        holds.erase(at);
    }

    // With all it has, and half of the time while it allocates.
    void kill(std::unique_ptr<Team> &team)
    {
        for (Player *player : { &team->first, &team->second }) {
            if (below(2) == 0)
                player->client.tell("cycle-on", player->heap, kPage);
            player->client.process().signal(SIGKILL);
            CHECK(player->client.process().wait() == killed(SIGKILL));
        }
        team = std::make_unique<Team>(daemon_);
    }

    Daemon &daemon_;
    std::unique_ptr<Team> teams_[4];
    std::map<int, long> sizes_; ///< of each buffer that there ever was
    int last_ = 0;
    std::mt19937 random_{ 20 };
};

std::string difference(const Daemon &daemon, const std::map<int, long> &held)
{
    std::multiset<long> expected;
    for (const auto &[buffer, size] : held)
        expected.insert(size);
    std::multiset<long> found;
    for (const auto &buffer : ctl_json(daemon, { "buffers" }))
        found.insert(buffer["size"].get<long>());

    return found == expected ? ""
                             : "the daemon has " + std::to_string(found.size()) +
                                   " live buffers, the clients " + std::to_string(expected.size());
}

} // namespace

TEST_CASE("soak: what is live is what somebody holds, second by second", "[control][soak]")
{
    Scene scene;
    Balance balance(scene.daemon);
    Game game(scene.daemon);
    for (int move = 0; move < 200; ++move)
        game.play_one();
    const long memory = memory_of(scene.daemon.pid());

    const auto end = std::chrono::steady_clock::now() + duration();
    for (int second = 0; std::chrono::steady_clock::now() < end; ++second) {
        const auto next = std::chrono::steady_clock::now() + std::chrono::seconds(1);
        while (std::chrono::steady_clock::now() < next)
            game.play_one();

        const auto held = game.held();
        std::string said;
        CHECK(await([&] { return (said = difference(scene.daemon, held)).empty(); }));
        INFO("in second " << second << ": " << said);
        REQUIRE(said.empty());
    }

    game.end();
    CHECK(scene.daemon.await_live(0));
    CHECK(balance.difference() == "");
    if (proc::has_mapped(scene.daemon.pid(), "libasan"))
        skip("the daemon's memory after a soak", "AddressSanitizer keeps what was freed");
    else
        CHECK(memory_of(scene.daemon.pid()) - memory < kMemoryKiB);
}

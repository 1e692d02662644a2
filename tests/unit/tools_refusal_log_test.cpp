// SPDX-License-Identifier: MIT
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include "tests/support/catch.h"
#include "tests/support/deadline.h"
#include "tools/dmaheapd/refusal_log.h"

using namespace dmaheap;
using daemon::RefusalLog;

namespace {

constexpr delivery::Caller kCaller{ .thread = 4242, .uid = 1000, .gid = 100 };
constexpr Error kError{ .code = EINVAL, .step = "heap_flags" };

/// Whatever is logged while it lasts.
class Logged {
public:
    Logged() : before_(spdlog::default_logger())
    {
        auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(text_);
        auto logger = std::make_shared<spdlog::logger>("test", std::move(sink));
        logger->set_pattern("%l: %v");
        spdlog::set_default_logger(std::move(logger));
    }
    Logged(const Logged &) = delete;
    Logged &operator=(const Logged &) = delete;
    ~Logged() { spdlog::set_default_logger(before_); }

    [[nodiscard]] std::vector<std::string> lines() const
    {
        std::istringstream text(text_.str());
        std::vector<std::string> found;
        for (std::string line; std::getline(text, line);)
            found.push_back(line);
        return found;
    }

private:
    std::ostringstream text_;
    std::shared_ptr<spdlog::logger> before_;
};

} // namespace

TEST_CASE("refusal_log: one line tells which node, who, what and why", "[tools]")
{
    const Logged logged;
    RefusalLog log;

    log.add("camera", kCaller, kError);

    CHECK(logged.lines() == std::vector<std::string>{ "info: camera: refused thread 4242 (uid "
                                                      "1000): heap_flags: Invalid argument" });
}

TEST_CASE("refusal_log: what was asked for stands behind the reason", "[tools]")
{
    const Logged logged;
    RefusalLog log;

    log.add("ion", kCaller, { .code = EACCES, .step = "permissions" }, "heap_id_mask 0x1");

    CHECK(logged.lines() ==
          std::vector<std::string>{ "info: ion: refused thread 4242 (uid 1000): permissions: "
                                    "Permission denied (heap_id_mask 0x1)" });
}

TEST_CASE("refusal_log: what can be done about it is in the same line", "[tools]")
{
    const Logged logged;
    RefusalLog log;

    log.add("camera", kCaller, { .code = EBUSY, .step = "PTRACE_SEIZE" });

    const auto lines = logged.lines();
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].find("run it without") != std::string::npos);
}

TEST_CASE("refusal_log: a client that is refused without end fills no log", "[tools]")
{
    const Logged logged;
    RefusalLog log;

    for (std::uint64_t round = 0; round < 10 * RefusalLog::kBurst; ++round)
        log.add("camera", kCaller, kError);

    CHECK(logged.lines().size() == RefusalLog::kBurst);
}

TEST_CASE("refusal_log: later it counts what was left out, and logs anew", "[tools]")
{
    const Logged logged;
    RefusalLog log;
    for (std::uint64_t round = 0; round < RefusalLog::kBurst + 7; ++round)
        log.add("camera", kCaller, kError);

    test::let_pass(RefusalLog::kPeriod);
    log.add("camera", kCaller, kError);
    log.add("camera", kCaller, kError);

    const auto lines = logged.lines();
    REQUIRE(lines.size() == RefusalLog::kBurst + 3);
    CHECK(lines[RefusalLog::kBurst] == "info: 7 more refusals like these were not logged");
}

TEST_CASE("refusal_log: threads at once get no more lines than one", "[tools][threads]")
{
    const Logged logged;
    RefusalLog log;
    {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < 4; ++thread)
            threads.emplace_back([&log] {
                for (std::uint64_t round = 0; round < RefusalLog::kBurst; ++round)
                    log.add("camera", kCaller, kError);
            });
    }

    CHECK(logged.lines().size() == RefusalLog::kBurst);
}

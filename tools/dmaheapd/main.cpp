// SPDX-License-Identifier: MIT
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <string>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "core/closed_streams.h"
#include "tools/dmaheapd/daemon.h"
#include "tools/dmaheapd/options.h"

namespace {

constexpr int kCouldNotRun = 1;
constexpr int kRefused = 2; // usage or config

/// Under systemd the journal has the time already.
void start_logging(const std::string &level)
{
    auto logger = spdlog::stderr_logger_mt("dmaheapd");
    logger->set_pattern(std::getenv("JOURNAL_STREAM") ? "%v" : "%H:%M:%S.%e %l: %v");
    logger->set_level(spdlog::level::from_str(level));
    spdlog::set_default_logger(std::move(logger));
}

int serve(const dmaheap::config::Config &config, const dmaheap::daemon::Daemon::Reread &reread)
{
    start_logging(config.log_level);
    dmaheap::daemon::Daemon daemon(config, {}, reread);
    daemon.run();
    return EXIT_SUCCESS;
}

} // namespace

int main(int argc, char **argv)
{
    dmaheap::fill_closed_streams();
    try {
        const auto options = dmaheap::options::parse(argc, argv);
        if (!options.answer)
            return serve(options.config,
                         [&] { return dmaheap::options::parse(argc, argv).config; });

        if (std::cout << *options.answer << std::flush)
            return EXIT_SUCCESS;
        std::cerr << "dmaheapd: standard output: " << std::strerror(errno) << '\n';
        return kCouldNotRun;
    } catch (const dmaheap::config::Refused &refused) {
        std::cerr << "dmaheapd: " << refused.what() << '\n';
        return kRefused;
    } catch (const std::exception &error) {
        std::cerr << "dmaheapd: " << error.what() << '\n';
        return kCouldNotRun;
    }
}

// SPDX-License-Identifier: MIT
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <string>

#include <unistd.h>

#include "core/closed_streams.h"
#include "tools/control/client.h"
#include "tools/dmaheapctl/metrics.h"
#include "tools/dmaheapctl/options.h"
#include "tools/dmaheapctl/output.h"
#include "tools/dmaheapctl/region_map.h"
#include "tools/dmaheapctl/top.h"
#include "tools/dmaheapctl/views.h"

namespace {

using namespace dmaheap;
using control::Json;

constexpr int kCouldNot = 1;
constexpr int kUsage = 2;

int complain(const std::string &what)
{
    std::cerr << "dmaheapctl: " << what << '\n';
    return kCouldNot;
}

std::string show_buffers_now(const Json &buffers)
{
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return ctl::show_buffers(buffers, std::chrono::duration<double>(now).count());
}

/// What is set says nothing when all is well.
std::string show_nothing(const Json & /*answer*/)
{
    return "";
}

struct View {
    const char *name;
    std::string (*show)(const Json &answer);
};

constexpr std::array kViews{
    View{ "status", ctl::show_status },   View{ "heaps", ctl::show_heaps },
    View{ "regions", ctl::show_regions }, View{ "buffers", show_buffers_now },
    View{ "limits", ctl::show_limits },   View{ "set-limits", show_nothing },
    View{ "faults", ctl::show_faults },   View{ "set-faults", show_nothing },
    View{ "metrics", ctl::open_metrics },
};

std::string shown(const ctl::Options &options, const Json &answer)
{
    if (options.json)
        return answer.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
    for (const View &view : kViews)
        if (options.view == view.name)
            return view.show(answer);
    return "";
}

int print(const std::string &text)
{
    const auto written = ctl::write_all(STDOUT_FILENO, text);
    return written
               ? EXIT_SUCCESS
               : complain(std::string("standard output: ") + std::strerror(written.error().code));
}

int run(const ctl::Options &options)
{
    auto client = control::Client::connect(options.socket);
    if (!client)
        return complain(client.error().message);
    if (options.view == "top") {
        const auto ended = ctl::run_top(*client, options.request, options.interval, options.rounds);
        return ended ? EXIT_SUCCESS : complain(ended.error().message);
    }

    const auto answer = client->ask(options.request);
    if (!answer)
        return complain(answer.error().message);
    if (!options.svg.empty())
        if (const auto drawn = ctl::write_file(options.svg, ctl::svg_of_regions(*answer)); !drawn)
            return complain(options.svg + ": " + std::strerror(drawn.error().code));

    return print(shown(options, *answer));
}

} // namespace

int main(int argc, char **argv)
{
    fill_closed_streams();
    std::signal(SIGPIPE, SIG_IGN);
    try {
        const auto options = ctl::parse(argc, argv);
        return options.text ? print(*options.text) : run(options);
    } catch (const ctl::Refused &refused) {
        complain(refused.what());
        return kUsage;
    } catch (const std::exception &error) {
        return complain(error.what());
    }
}

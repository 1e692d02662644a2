// SPDX-License-Identifier: MIT
#include <cstdlib>
#include <exception>
#include <iostream>

#include "tools/dmaheap-run/launcher.h"
#include "tools/dmaheap-run/options.h"

namespace {

constexpr int kCouldNotRun = 1;
constexpr int kRefused = 2; // usage or config

} // namespace

int main(int argc, char **argv)
{
    try {
        const auto options = dmaheap::run::parse(argc, argv);
        if (!options.answer)
            return dmaheap::run::launch(options);

        std::cout << *options.answer << std::flush;
        return EXIT_SUCCESS;
    } catch (const dmaheap::config::Refused &refused) {
        std::cerr << "dmaheap-run: " << refused.what() << '\n';
        return kRefused;
    } catch (const std::exception &error) {
        std::cerr << "dmaheap-run: " << error.what() << '\n';
        return kCouldNotRun;
    }
}

// SPDX-License-Identifier: MIT
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <new>
#include <string>

#include "tools/dmaheap-run/exit_status.h"
#include "tools/dmaheap-run/launcher.h"
#include "tools/dmaheap-run/options.h"

namespace {

constexpr int kWriteError = 1;

int print(const std::string &answer)
{
    std::cout << answer << std::flush;
    if (std::cout)
        return EXIT_SUCCESS;

    std::cerr << "dmaheap-run: write error: " << std::strerror(errno) << '\n';
    return kWriteError;
}

} // namespace

int main(int argc, char **argv)
{
    try {
        const auto options = dmaheap::run::parse(argc, argv);
        if (!options.answer)
            return dmaheap::run::launch(options);

        return print(*options.answer);
    } catch (const std::bad_alloc &) {
        std::cerr << "dmaheap-run: memory: Cannot allocate memory (see ulimit -v)\n";
        return dmaheap::run::kCouldNotRun;
    } catch (const std::exception &error) {
        std::cerr << "dmaheap-run: " << error.what() << '\n';
        return dmaheap::run::kCouldNotRun;
    }
}

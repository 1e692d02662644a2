// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "tests/support/client.h"
#include "tests/support/daemon.h"

namespace dmaheap::test {

/// Notes how many descriptors, mappings and live buffers the daemon and some clients have, and
/// says later what has become more or less. The daemon must have served somebody before: some
/// things are made at their first use.
class Balance {
public:
    explicit Balance(Daemon &daemon, const std::vector<Client *> &clients = {});

    /// Empty when all is as it was. Waits for the daemon, which may take a second to notice.
    std::string difference();

private:
    struct Count {
        std::string whose;
        pid_t pid;
        int descriptors;
        int mappings;
    };
    static Count count(const std::string &whose, pid_t pid);
    [[nodiscard]] std::string compare(long live) const;

    Daemon &daemon_;
    long live_;
    std::vector<Count> counts_; ///< the daemon's first
};

/// One allocation by a client that is not seen again.
void warm_up(Daemon &daemon);

} // namespace dmaheap::test

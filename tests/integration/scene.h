// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/support/balance.h"
#include "tests/support/client.h"
#include "tests/support/daemon.h"

/// What most scenarios begin with.
namespace dmaheap::test {

/// A daemon that has served somebody before, with one heap.
struct Scene {
    explicit Scene(DaemonOptions options = {});

    Daemon daemon;
};

/// A client that has opened the node.
struct Opened {
    explicit Opened(const Daemon &daemon, const std::string &name = "client", int namespaces = 0);

    Client client;
    long long heap;
};

/// Runs a victim that is given the node and `arguments`, in each of its flavours, and checks that
/// it is content and has left nothing.
void run_victims(Daemon &daemon, const std::vector<std::string> &names,
                 const std::vector<std::string> &arguments);

/// Tells the client to allocate a page, holds the daemon at the `step`-th system call from there
/// on, and acts. False when the client had its answer before that; the answer is still to be heard.
bool allocate_held(Daemon &daemon, Opened &opened, int step, const std::function<void()> &act);

/// Waits until the client is in its ioctl; false when it never was.
bool await_in_ioctl(const Client &client);

/// Checks that another client gets buffers.
void expect_served(Daemon &daemon);

} // namespace dmaheap::test

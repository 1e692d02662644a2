// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <optional>
#include <utility>

#include "core/unique_fd.h"

/// What the processes of dmaheap-run tell each other: whole messages of three numbers.
namespace dmaheap::run {

enum class What : int {
    failed,  ///< nothing was started
    started, ///< `value`: process id of the command
    stopped, ///< by a signal, as a terminal sends it
    ended,   ///< `value`: its exit status; `rest`: whether it has left descendants
    signal,  ///< to the nanny; `value`: to be sent to the command
};

struct Event {
    What what;
    int value = 0;
    int rest = 0;
};

/// The two ends; close-on-exec. Throws std::system_error.
std::pair<UniqueFd, UniqueFd> make_events();

void tell(int end, const Event &event);

/// Waits for the next one; nothing when nobody is left who could send.
std::optional<Event> hear(int end);

} // namespace dmaheap::run

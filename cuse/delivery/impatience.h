// SPDX-License-Identifier: MIT
#pragma once

#include <csetjmp>
#include <optional>

/// The signal that ends a serving thread's wait in the kernel.
namespace dmaheap::delivery::impatience {

/// Its number; for a timer of the thread.
int signal();

/// Sets the handler, once for the process. Most waits then end in EINTR. Throws std::system_error.
void install();

/// Keeps the signal from this thread, or lets it through.
void block();
void unblock();

/// Where the handler goes to when a system call is not to go on; null: it just returns.
sigjmp_buf *&way_out();

/// Makes a system call that the kernel would begin anew after a signal. Nothing when the signal has
/// cut it short: then it may have been carried out or not. `call` must be no more than the system
/// call: nothing that it leaves half done is put right.
template <class Call>
std::optional<long> cut_short(const Call &call)
{
    constexpr int kWithoutMask = 0; // keeping the mask each time is one more system call
    sigjmp_buf here;
    if (sigsetjmp(here, kWithoutMask) != 0) {
        unblock(); // the handler had it blocked
        return std::nullopt;
    }

    way_out() = &here;
    const long returned = call();
    way_out() = nullptr;
    return returned;
}

} // namespace dmaheap::delivery::impatience

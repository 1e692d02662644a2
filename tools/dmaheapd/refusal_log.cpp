// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/refusal_log.h"

#include <cstring>

#include <spdlog/spdlog.h>

namespace dmaheap::daemon {

namespace {

/// What the reader of the log can do about it.
std::string_view advice(int code)
{
    switch (code) {
    case EBUSY:
        return "; the program is traced by another one (gdb, strace, rr) or tracing is forbidden "
               "(kernel.yama.ptrace_scope=3): run it without, or attach to it after the allocation";
    default:
        return "";
    }
}

} // namespace

void RefusalLog::add(std::string_view device, const delivery::Caller &caller, const Error &error,
                     std::string_view asked)
{
    if (!admit())
        return;

    const bool told = !asked.empty();
    spdlog::info("{}: refused thread {} (uid {}): {}: {}{}{}{}{}", device, caller.thread,
                 caller.uid, error.step, std::strerror(error.code), told ? " (" : "", asked,
                 told ? ")" : "", advice(error.code));
}

bool RefusalLog::admit()
{
    const std::scoped_lock lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (now - period_start_ >= kPeriod) {
        if (in_period_ > kBurst)
            spdlog::info("{} more refusals like these were not logged", in_period_ - kBurst);
        period_start_ = now;
        in_period_ = 0;
    }
    return ++in_period_ <= kBurst;
}

} // namespace dmaheap::daemon

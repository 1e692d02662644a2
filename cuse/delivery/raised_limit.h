// SPDX-License-Identifier: MIT
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

namespace dmaheap::delivery {

/// Lets a process have a few more descriptors for a moment. It needs two where the kernel's own
/// heap needs one: the socket, and what comes through it.
class RaisedLimit {
public:
    explicit RaisedLimit(pid_t thread) : thread_(thread)
    {
        if (::prlimit(thread_, RLIMIT_NOFILE, nullptr, &before_) == -1)
            return;

        rlimit more = before_;
        more.rlim_cur += kMore;
        if (more.rlim_max < more.rlim_cur)
            more.rlim_max = more.rlim_cur;
        raised_ = ::prlimit(thread_, RLIMIT_NOFILE, &more, nullptr) == 0;
    }
    RaisedLimit(const RaisedLimit &) = delete;
    RaisedLimit &operator=(const RaisedLimit &) = delete;
    ~RaisedLimit()
    {
        if (raised_)
            ::prlimit(thread_, RLIMIT_NOFILE, &before_, nullptr);
    }

    [[nodiscard]] bool raised() const { return raised_; }

private:
    static constexpr rlim_t kMore = 64;

    pid_t thread_;
    rlimit before_{};
    bool raised_ = false;
};

} // namespace dmaheap::delivery

// SPDX-License-Identifier: MIT
#include "tools/dmaheap-run/streams.h"

#include <fcntl.h>
#include <unistd.h>

#include "core/close_others.h"

namespace dmaheap::run {

void leave_streams(Messages messages, std::initializer_list<int> kept)
{
    const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    const int last = messages == Messages::go_to_stderr ? STDOUT_FILENO : STDERR_FILENO;
    for (int fd = STDIN_FILENO; nothing >= 0 && fd <= last; ++fd)
        ::dup2(nothing, fd);
    close_others(kept, STDERR_FILENO + 1);
}

} // namespace dmaheap::run

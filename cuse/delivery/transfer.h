// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "cuse/delivery/delivery.h"
#include "cuse/delivery/inbox.h"
#include "cuse/delivery/post.h"

namespace dmaheap::delivery {

/// The daemon's half of one delivery: what is said to the caller's socket and memory between the
/// system calls that the caller makes. Holds no state of the caller's that it could not lose.
class Transfer {
public:
    /// `caller`: the thread that is to have it.
    Transfer(pid_t caller, Answer answer, UniqueFd buffer)
        : caller_(caller), answer_(std::move(answer)), buffer_(std::move(buffer)), memory_(caller)
    {
    }

    [[nodiscard]] const Answer &answer() const { return answer_; }

    /// The buffer's number in the daemon.
    [[nodiscard]] int buffer() const { return buffer_.get(); }

    /// Writes the struct with `number` for the descriptor; EFAULT when that cannot be written from
    /// outside, though the caller's own kernel may be able to. Then it is as it was, but for what
    /// fitted.
    [[nodiscard]] Status fill_in(int number) const;

    /// Puts the message into the caller's socket `number` and an inbox for it to `scratch`. The
    /// payload is the struct with `number` filled in, for the caller's kernel to copy out.
    [[nodiscard]] Status send(Abi abi, int number, RemoteAddress scratch) const;

    /// The number that the caller received the buffer under; EMFILE when it had none left.
    [[nodiscard]] Result<int> received(Abi abi, RemoteAddress scratch) const;

    /// Makes the struct what it was before send(): the payload has reached it, the buffer has not.
    void take_back() const;

private:
    [[nodiscard]] std::vector<std::byte> filled_in(int number) const;

    pid_t caller_;
    Answer answer_;
    UniqueFd buffer_;
    RemoteMemory memory_;
};

} // namespace dmaheap::delivery

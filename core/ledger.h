// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "core/inode.h"
#include "core/limits.h"
#include "core/owner.h"
#include "core/result.h"

namespace dmaheap {

/// Whose memory it is: every live buffer, who uses how much of which heap, and the limits.
///
/// Who has asked for a buffer is charged until the last holder has let go of it. Thread-safe; no
/// call waits for anything but the lock, which is held for some microseconds.
class Ledger {
public:
    struct Use {
        Bytes bytes = 0;
        std::uint64_t buffers = 0;
        std::uint64_t allocations = 0; ///< made, ever, those that have ended included
    };

    /// Of one heap, or of all together.
    struct Account {
        Limits limits;
        Use use;
        std::uint64_t refused = 0; ///< allocations beyond a limit or the heap's memory, ever
        std::map<uid_t, Use> users;
        std::map<pid_t, Use> processes; ///< some that have nothing any more are among them
    };

    /// A live buffer.
    struct Entry {
        std::uint64_t id; ///< never used twice; in the order of allocation
        std::string_view heap;
        Bytes size;
        Owner owner;
        std::chrono::system_clock::time_point time;
        Inode file; ///< zeroes until the buffer has been made
    };

private:
    struct Record {
        std::map<std::string, Account, std::less<>>::value_type *account;
        Bytes size;
        Owner owner;
        std::chrono::system_clock::time_point time;
        Inode file;
        bool restored;
    };
    using Records = std::map<std::uint64_t, Record>;

public:
    /// One buffer's share. Its destructor returns it. Must not outlive the ledger.
    class Charge {
    public:
        Charge(Charge &&other) noexcept
            : ledger_(std::exchange(other.ledger_, nullptr)), record_(other.record_)
        {
        }
        Charge(const Charge &) = delete;
        Charge &operator=(const Charge &) = delete;
        Charge &operator=(Charge &&) = delete;
        ~Charge()
        {
            if (ledger_)
                ledger_->give_back(record_);
        }

        [[nodiscard]] std::uint64_t id() const { return record_->first; }
        [[nodiscard]] const std::string &heap() const { return record_->second.account->first; }
        [[nodiscard]] Bytes size() const { return record_->second.size; }
        [[nodiscard]] Owner owner() const { return record_->second.owner; }

        /// Notes what the buffer has become, for those who look for its holders.
        void set_file(Inode file) { ledger_->set_file(record_, file); }

    private:
        friend class Ledger;
        Charge(Ledger &ledger, Records::iterator record) : ledger_(&ledger), record_(record) {}

        Ledger *ledger_;
        Records::iterator record_;
    };

    /// Of one heap, which is known from then on. What is live already stays, above the limit too.
    void set_limits(const std::string &heap, const Limits &limits);
    /// The same with a limit on the total only.
    void set_limit(const std::string &heap, Bytes total);
    /// Of all heaps together.
    void set_limits_of_all(const Limits &limits);

    /// How many buffers have ended, ever: of those that had been made.
    [[nodiscard]] std::uint64_t ended() const;

    /// ENOMEM, with a step that names the limit, when one would be exceeded; also when the heap is
    /// not known. Who asks may try again, so this is not counted as a refusal yet.
    Result<Charge> charge(const std::string &heap, Bytes size, Owner owner);

    /// A client was refused, because of a limit or for want of memory.
    void count_refusal(const std::string &heap);

    /// Charges a buffer that is live already, whatever the limits: of a daemon that had our place.
    /// It has an id of ours. The heap is known from then on.
    Charge restore(const Entry &buffer);

    /// Whether a buffer of that size could be charged if nothing else were live.
    [[nodiscard]] bool could_ever_charge(const std::string &heap, Bytes size) const;

    /// Snapshots. Entries come in the order of their ids, from the first after `id` on; heap names
    /// are valid as long as the ledger.
    [[nodiscard]] std::map<std::string, Account, std::less<>> accounts() const;
    [[nodiscard]] Account account_of_all() const;
    [[nodiscard]] std::vector<Entry> entries_after(std::uint64_t id, std::size_t most) const;

private:
    using Accounts = std::map<std::string, Account, std::less<>>;

    Charge book(Accounts::value_type &account, const Entry &buffer, bool restored);
    void give_back(Records::iterator record);
    void set_file(Records::iterator record, Inode file);

    mutable std::mutex mutex_;
    std::map<std::string, Account, std::less<>> accounts_; ///< nothing is ever taken out
    Account all_;
    Records records_;
    std::uint64_t last_id_ = 0;
    std::uint64_t ended_ = 0;
};

} // namespace dmaheap

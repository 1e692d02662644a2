// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "core/result.h"
#include "core/size.h"
#include "core/unique_fd.h"

namespace dmaheap::huge_pages {

/// Where is written down by how much the pool is being enlarged, so that what somebody has lent who
/// was killed can be given back: a folder with a file for each loan, locked (flock) for as long as
/// its owner lives.
class LoanBook {
public:
    struct Entry {
        Bytes page;
        std::uint64_t before; ///< pages in the pool
        std::uint64_t count;  ///< by which it is about to be enlarged
    };

    /// The file is there until the note's end.
    class Note {
    public:
        Note(std::string path, UniqueFd file) : path_(std::move(path)), file_(std::move(file)) {}
        Note(Note &&) noexcept = default;
        Note(const Note &) = delete;
        Note &operator=(const Note &) = delete;
        Note &operator=(Note &&) = delete;
        ~Note();

        /// By how much it has been enlarged indeed.
        Status confirm(std::uint64_t count) const { return add(std::to_string(count)); }

        Status add(const std::string &line) const;

    private:
        std::string path_;
        UniqueFd file_; ///< locked
    };

    /// The folder is made when it is needed. It has to belong to this process's user, who alone may
    /// write to it: else nothing in it is believed.
    explicit LoanBook(std::string folder) : folder_(std::move(folder)) {}

    /// Gives back what nobody alive has lent. Returns how many pages that were.
    [[nodiscard]] std::uint64_t settle() const;

    /// Before the pool is enlarged.
    [[nodiscard]] Result<Note> add_note(const Entry &entry) const;

private:
    [[nodiscard]] Result<UniqueFd> lock_folder() const;

    std::string folder_;
};

} // namespace dmaheap::huge_pages

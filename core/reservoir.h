// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "core/extents.h"
#include "core/inode.h"
#include "core/memory.h"

namespace dmaheap {

/// The pages of a region: memory that is set aside once, numbered by bytes from 0, and the file
/// that each byte is in. Knows nothing of who has which part.
class Reservoir {
public:
    /// Ordinary pages, all of them taken. One run, though physically they are anywhere.
    static Result<Reservoir> ordinary(Bytes size);

    /// Pages of hugetlbfs of `page` bytes, all of them taken. They are numbered by physical
    /// address, and each run is physically contiguous. ENOMEM when there are not enough of them,
    /// EPERM for somebody who is not shown physical addresses.
    static Result<Reservoir> huge(Bytes size, Bytes page);

    /// A part of a file that others may have mapped, too; all of its pages are taken, and wiped.
    /// ENOSPC or ENOMEM when there are not enough.
    static Result<Reservoir> of_file(UniqueFd file, Bytes size);

    /// A file that somebody before us has had from ordinary() or huge(), as it is; but it is wiped,
    /// without the bytes of `kept`. EBADMSG when it is no such file of that size and those pages.
    static Result<Reservoir> adopt(UniqueFd file, Bytes size, Bytes page, std::vector<Range> kept);

    /// Whether adopt() would take it.
    static bool could_adopt(int file, Bytes size, Bytes page);

    /// Only the numbers: each piece becomes a new file of ordinary pages when it is asked for. For
    /// exporters that show whole files.
    static Reservoir files_apart(Bytes size);

    [[nodiscard]] Bytes size() const { return size_; }
    [[nodiscard]] Bytes page() const { return page_; }
    [[nodiscard]] const std::vector<Range> &runs() const { return runs_; }
    /// Whether a run is physically contiguous.
    [[nodiscard]] bool contiguous() const { return contiguous_; }
    /// Whether pieces are files of their own, new ones each time.
    [[nodiscard]] bool apart() const { return !file_.valid(); }

    /// Which file it is; one of its own, unless it is apart.
    [[nodiscard]] Result<Inode> file() const { return inode_of(file_.get()); }
    /// For others to adopt; -1 when it is apart.
    [[nodiscard]] int fd() const { return file_.get(); }

    /// Which parts of the region these bytes of the file are.
    [[nodiscard]] std::vector<Range> locate(Range in_file) const;

    /// Adds what a range of one run is made of to `extents`. EMFILE, ENOMEM.
    Status describe(Range range, std::vector<Extent> &extents) const;

private:
    Reservoir() = default;
    static Result<Reservoir> of_huge_pages(UniqueFd file, Bytes size, Bytes page);

    UniqueFd file_;
    Bytes size_ = 0;
    Bytes page_ = Extents::kGranule;
    std::vector<Range> runs_;
    std::vector<Bytes> offsets_; ///< in the file, of each page; empty: in the file's order
    bool contiguous_ = false;
};

} // namespace dmaheap

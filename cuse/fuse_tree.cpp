// SPDX-License-Identifier: MIT
#include "cuse/fuse_tree.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "cuse/node_calls.h"
#include "cuse/refused_changes.h"

namespace dmaheap::cuse {

namespace {

constexpr fuse_ino_t kRoot = FUSE_ROOT_ID;
constexpr double kForever = 86400; // only requests of the mount itself change anything
constexpr mode_t kFolderMode = 0755;
constexpr mode_t kNodeMode = 0600; // as the kernel's own nodes have it

void require(const Status &done)
{
    if (!done)
        throw std::system_error(done.error().code, std::generic_category(), done.error().step);
}

bool make_folder(const std::string &path)
{
    return ::mkdir(path.c_str(), kFolderMode) == 0;
}

bool make_file(const std::string &path)
{
    return UniqueFd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0)).valid();
}

timespec now()
{
    timespec time{};
    ::clock_gettime(CLOCK_REALTIME, &time);
    return time;
}

} // namespace

class FuseTree::Place {
public:
    Place(std::string path, bool is_folder)
        : path_(std::move(path)), made_(is_folder ? make_folder(path_) : make_file(path_))
    {
        if (!made_ && errno != EEXIST)
            throw std::system_error(errno, std::generic_category(), "make " + path_);
    }
    Place(const Place &) = delete;
    Place &operator=(const Place &) = delete;
    ~Place()
    {
        if (made_)
            ::remove(path_.c_str());
    }

    [[nodiscard]] const std::string &path() const { return path_; }

private:
    std::string path_;
    bool made_;
};

/// The requests of the mount, as libfuse calls them.
struct TreeCalls {
    static FuseTree &tree_of(fuse_req_t request)
    {
        return *static_cast<FuseTree *>(fuse_req_userdata(request));
    }

    static FuseTree::File &file_of(fuse_req_t request, fuse_ino_t inode)
    {
        return tree_of(request).files_.at(inode - kRoot);
    }

    /// A copy: others may be added meanwhile.
    static FuseTree::File copy_of(fuse_req_t request, fuse_ino_t inode)
    {
        const std::scoped_lock lock(tree_of(request).mutex_);
        return file_of(request, inode);
    }

    static void init(void * /*tree*/, fuse_conn_info *connection)
    {
        connection->max_write = Channel::kMaxWrite;
        // O_TRUNC comes with the open instead of as a truncation, which is refused.
        connection->want |= connection->capable & FUSE_CAP_ATOMIC_O_TRUNC;
    }

    static void lookup(fuse_req_t request, fuse_ino_t, const char *name)
    {
        FuseTree &tree = tree_of(request);
        const std::scoped_lock lock(tree.mutex_);
        const FuseTree::File *const found = tree.find(name);
        if (!found || !found->device)
            return static_cast<void>(fuse_reply_err(request, ENOENT));

        fuse_entry_param entry{};
        entry.ino = found->attributes.st_ino;
        entry.attr = found->attributes;
        entry.attr_timeout = kForever;
        entry.entry_timeout = kForever;
        fuse_reply_entry(request, &entry);
    }

    static void getattr(fuse_req_t request, fuse_ino_t inode, fuse_file_info *)
    {
        const std::scoped_lock lock(tree_of(request).mutex_);
        fuse_reply_attr(request, &file_of(request, inode).attributes, kForever);
    }

    static void setattr(fuse_req_t request, fuse_ino_t inode, struct stat *wanted, int which,
                        fuse_file_info *)
    {
        if ((which & FUSE_SET_ATTR_SIZE) != 0)
            return static_cast<void>(fuse_reply_err(request, EINVAL));

        const std::scoped_lock lock(tree_of(request).mutex_);
        struct stat &attributes = file_of(request, inode).attributes;
        constexpr mode_t kBits = ALLPERMS;
        if ((which & FUSE_SET_ATTR_MODE) != 0)
            attributes.st_mode = (attributes.st_mode & ~kBits) | (wanted->st_mode & kBits);
        if ((which & FUSE_SET_ATTR_UID) != 0)
            attributes.st_uid = wanted->st_uid;
        if ((which & FUSE_SET_ATTR_GID) != 0)
            attributes.st_gid = wanted->st_gid;
        set_times(attributes, *wanted, which);
        fuse_reply_attr(request, &attributes, kForever);
    }

    static void set_times(struct stat &attributes, const struct stat &wanted, int which)
    {
        attributes.st_ctim = now();
        if ((which & FUSE_SET_ATTR_ATIME) != 0)
            attributes.st_atim =
                (which & FUSE_SET_ATTR_ATIME_NOW) != 0 ? attributes.st_ctim : wanted.st_atim;
        if ((which & FUSE_SET_ATTR_MTIME) != 0)
            attributes.st_mtim =
                (which & FUSE_SET_ATTR_MTIME_NOW) != 0 ? attributes.st_ctim : wanted.st_mtim;
    }

    static void readdir(fuse_req_t request, fuse_ino_t, std::size_t size, off_t offset,
                        fuse_file_info *)
    {
        std::vector<char> entries(size);
        const std::size_t used = list(request, static_cast<std::size_t>(offset), entries);
        fuse_reply_buf(request, entries.data(), used);
    }

    /// Fills in as many entries as fit, from number `first` on: ".", "..", then the nodes.
    static std::size_t list(fuse_req_t request, std::size_t first, std::span<char> into)
    {
        FuseTree &tree = tree_of(request);
        const std::scoped_lock lock(tree.mutex_);
        std::size_t used = 0;
        for (std::size_t at = first; at <= tree.files_.size(); ++at) {
            const auto &file = tree.files_.at(at < 2 ? 0 : at - 1);
            if (file.gone)
                continue;
            const std::string name = at == 0 ? "." : at == 1 ? ".." : file.name;
            const std::size_t wanted =
                fuse_add_direntry(request, into.data() + used, into.size() - used, name.c_str(),
                                  &file.attributes, static_cast<off_t>(at + 1));
            if (wanted > into.size() - used)
                break;
            used += wanted;
        }
        return used;
    }

    static void open(fuse_req_t request, fuse_ino_t inode, fuse_file_info *file)
    {
        const FuseTree::File opened = copy_of(request, inode);
        if (!opened.device)
            return static_cast<void>(fuse_reply_err(request, EISDIR));
        if (opened.gone)
            return static_cast<void>(fuse_reply_err(request, ENODEV));
        if ((file->flags & O_DIRECT) != 0)
            return static_cast<void>(fuse_reply_err(request, EINVAL));

        file->direct_io = 1;
        file->nonseekable = 1;
        answer_open(*opened.device, request, file);
    }

    static void release(fuse_req_t request, fuse_ino_t inode, fuse_file_info *file)
    {
        answer_release(*copy_of(request, inode).device, request, file);
    }

    static void refuse_read(fuse_req_t request, fuse_ino_t, std::size_t, off_t, fuse_file_info *)
    {
        fuse_reply_err(request, EINVAL);
    }

    static void refuse_write(fuse_req_t request, fuse_ino_t, const char *, std::size_t, off_t,
                             fuse_file_info *)
    {
        fuse_reply_err(request, EINVAL);
    }

    static void refuse_fsync(fuse_req_t request, fuse_ino_t, int, fuse_file_info *)
    {
        fuse_reply_err(request, EINVAL);
    }

    static void refuse_fallocate(fuse_req_t request, fuse_ino_t, int, off_t, off_t,
                                 fuse_file_info *)
    {
        fuse_reply_err(request, ENODEV);
    }

    static void ioctl(fuse_req_t request, fuse_ino_t inode, unsigned command, void *argument,
                      fuse_file_info *file, unsigned flags, const void *in, std::size_t in_size,
                      std::size_t)
    {
        const FuseTree::File asked = copy_of(request, inode);
        if (!asked.device)
            return static_cast<void>(fuse_reply_err(request, ENOTTY));
        if (asked.gone)
            return static_cast<void>(fuse_reply_err(request, ENODEV));

        answer_ioctl(*asked.device, request, command, argument, in, in_size, file->fh, flags);
    }

    static constexpr fuse_lowlevel_ops operations()
    {
        fuse_lowlevel_ops ops{};
        ops.init = init;
        ops.lookup = lookup;
        ops.getattr = getattr;
        ops.setattr = setattr;
        ops.readdir = readdir;
        ops.open = open;
        ops.release = release;
        ops.read = refuse_read;
        ops.write = refuse_write;
        ops.fsync = refuse_fsync;
        ops.fallocate = refuse_fallocate;
        ops.ioctl = ioctl;
        refuse_changes(ops);
        return ops; // no poll: the kernel then knows that nodes are always ready
    }
};

FuseTree::FuseTree(const std::string &folder, const std::vector<Node> &nodes)
    : place_(std::make_unique<Place>(folder, true))
{
    add_file({ .name = "",
               .device = nullptr,
               .permissions = { .mode = kFolderMode, .owner = {}, .group = {} } });
    for (const Node &node : nodes)
        add_file(node);
}

FuseTree::FuseTree(const std::string &folder, const Node &node)
    : place_(std::make_unique<Place>(folder + "/" + node.name, false))
{
    add_file(node);
}

FuseTree::~FuseTree() = default;

std::optional<struct stat> FuseTree::attributes_of(std::string_view name) const
{
    const std::scoped_lock lock(mutex_);
    const File *const found = find(name);
    return found ? std::optional(found->attributes) : std::nullopt;
}

void FuseTree::add(const Node &node)
{
    const std::scoped_lock lock(mutex_);
    add_file(node);
}

void FuseTree::remove(const std::string &name)
{
    {
        const std::scoped_lock lock(mutex_);
        if (const File *const found = find(name))
            files_[found->attributes.st_ino - kRoot].gone = true;
    }
    channel_->forget_name(name); // without the lock: requests may have to be answered first
}

void FuseTree::change(const Node &node)
{
    fuse_ino_t inode = 0;
    {
        const std::scoped_lock lock(mutex_);
        const File *const found = find(node.name);
        if (!found)
            return;

        inode = found->attributes.st_ino;
        struct stat &attributes = files_[inode - kRoot].attributes;
        set_permissions(attributes, node.permissions);
        attributes.st_ctim = now();
    }
    channel_->forget_attributes(inode);
}

const FuseTree::File *FuseTree::find(std::string_view name) const
{
    const auto found = std::ranges::find_if(
        files_, [name](const File &file) { return !file.gone && file.name == name; });
    return found == files_.end() ? nullptr : &*found;
}

void FuseTree::set_permissions(struct stat &attributes, const NodePermissions &said)
{
    if (said.mode)
        attributes.st_mode = (attributes.st_mode & S_IFMT) | *said.mode;
    attributes.st_uid = said.owner.value_or(attributes.st_uid);
    attributes.st_gid = said.group.value_or(attributes.st_gid);
}

void FuseTree::add_file(const Node &node)
{
    struct stat attributes{};
    attributes.st_ino = kRoot + files_.size();
    attributes.st_mode = kNodeMode | (node.device ? S_IFREG : S_IFDIR);
    set_permissions(attributes, node.permissions);
    attributes.st_nlink = node.device ? 1 : 2;
    attributes.st_atim = attributes.st_mtim = attributes.st_ctim = now();
    files_.push_back(File{ node.name, node.device, attributes });
}

void FuseTree::show(Server &server)
{
    static constexpr fuse_lowlevel_ops kOperations = TreeCalls::operations();
    auto detached = make_mount({ .permissions = Permissions::by_mode,
                                 .root = files_.front().attributes.st_mode & S_IFMT,
                                 .place = place_->path() });
    require(detached ? Status() : std::unexpected(detached.error()));

    channel_ = std::make_unique<Channel>(Channel::make_session(kOperations, this),
                                         std::move(detached->channel));
    server.add(*channel_);
    auto attached = AttachedMount::attach(detached->root.get(), place_->path());
    require(attached ? Status() : std::unexpected(attached.error()));
    mount_.emplace(*std::move(attached));

    struct stat root{}; // which has the kernel ask for the root's mode, too
    require(check_done("fstat", ::fstat(detached->root.get(), &root)));
    mounted_ = root.st_dev;
}

Device *FuseTree::device_of(const Inode &file) const
{
    const std::scoped_lock lock(mutex_);
    const bool ours = file.device == mounted_ && file.inode >= kRoot;
    const std::size_t number = ours ? file.inode - kRoot : files_.size();
    return number < files_.size() ? files_[number].device : nullptr;
}

} // namespace dmaheap::cuse

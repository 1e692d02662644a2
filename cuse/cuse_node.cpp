// SPDX-License-Identifier: MIT
#include "cuse/cuse_node.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <future>
#include <utility>

#include <fcntl.h>
#include <fuse3/cuse_lowlevel.h>
#include <spawn.h>
#include <unistd.h>

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "core/sys.h"
#include "cuse/node_calls.h"

namespace dmaheap::cuse {

/// What libfuse calls back with; stays where it is.
struct CuseNode::State {
    explicit State(Device &served) : device(served) {}

    Device &device;
    std::promise<void> ready;
    std::unique_ptr<Channel> channel;
};

namespace {

constexpr const char *kCuse = "/dev/cuse";
constexpr std::chrono::seconds kPatience{ 10 };

Result<UniqueFd> open_cuse()
{
    auto fd = sys::open(kCuse, O_RDWR | O_NONBLOCK);
    struct stat status{};
    if (fd && (::fstat(fd->get(), &status) == -1 || !S_ISCHR(status.st_mode)))
        return failure(ENODEV, "/dev/cuse, which is no device");

    return fd;
}

/// modprobe's own messages are of no use to the reader of ours.
void load_module()
{
    std::array<char *, 3> arguments{ const_cast<char *>("modprobe"), const_cast<char *>("cuse"),
                                     nullptr };
    posix_spawn_file_actions_t silence;
    posix_spawn_file_actions_init(&silence);
    posix_spawn_file_actions_addopen(&silence, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t child = 0;
    if (::posix_spawnp(&child, "modprobe", &silence, nullptr, arguments.data(), environ) == 0)
        ::waitpid(child, nullptr, 0);
    posix_spawn_file_actions_destroy(&silence);
}

Device &device_of(fuse_req_t request)
{
    return static_cast<CuseNode::State *>(fuse_req_userdata(request))->device;
}

void on_init(void * /*state*/, fuse_conn_info *connection)
{
    connection->max_write = Channel::kMaxWrite;
}

void on_init_done(void *state)
{
    static_cast<CuseNode::State *>(state)->ready.set_value();
}

void on_open(fuse_req_t request, fuse_file_info *file)
{
    answer_open(device_of(request), request, file);
}

void on_read(fuse_req_t request, std::size_t, off_t, fuse_file_info *)
{
    fuse_reply_err(request, EINVAL);
}

void on_write(fuse_req_t request, const char *, std::size_t, off_t, fuse_file_info *)
{
    fuse_reply_err(request, EINVAL);
}

void on_release(fuse_req_t request, fuse_file_info *file)
{
    answer_release(device_of(request), request, file);
}

void on_ioctl(fuse_req_t request, int command, void *argument, fuse_file_info *file, unsigned flags,
              const void *in, std::size_t in_size, std::size_t)
{
    answer_ioctl(device_of(request), request, static_cast<std::uint32_t>(command), argument, in,
                 in_size, file->fh, flags);
}

constexpr cuse_lowlevel_ops operations()
{
    cuse_lowlevel_ops ops{};
    ops.init = on_init;
    ops.init_done = on_init_done;
    ops.open = on_open;
    ops.read = on_read;
    ops.write = on_write;
    ops.release = on_release;
    ops.ioctl = on_ioctl;
    return ops; // no poll: the kernel then knows that nodes are always ready
}

Channel::Session make_session(const std::string &name, dev_t number, void *state)
{
    static constexpr cuse_lowlevel_ops kOperations = operations();
    const std::string device_name = "DEVNAME=" + name;
    std::array<const char *, 1> device_arguments{ device_name.c_str() };
    cuse_info info{};
    info.dev_major = major(number);
    info.dev_minor = minor(number);
    info.dev_info_argc = device_arguments.size();
    info.dev_info_argv = device_arguments.data();

    NoOptions none;
    return Channel::Session(cuse_lowlevel_new(&none.args, &info, &kOperations, state));
}

/// Major numbers run out; minor numbers do not. 0: the kernel picks one.
dev_t number_after(const CuseNode *previous)
{
    struct stat status{};
    if (!previous || ::stat(previous->path().c_str(), &status) == -1)
        return 0;

    return makedev(major(status.st_rdev), minor(status.st_rdev) + 1);
}

/// CUSE ends a channel without a word when the name is taken.
Status not_taken(const std::string &name)
{
    std::string in_sysfs = name;
    std::ranges::replace(in_sysfs, '/', '!');
    const std::string entry = "/sys/class/cuse/" + in_sysfs;
    const std::string node = "/dev/" + name;
    if (::faccessat(AT_FDCWD, node.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
        ::access(entry.c_str(), F_OK) == 0)
        return failure(EEXIST, "name of the node");

    return {};
}

} // namespace

Status CuseNode::available()
{
    if (open_cuse())
        return {};

    load_module();
    if (auto channel = open_cuse(); !channel)
        return std::unexpected(channel.error());

    return {};
}

Result<std::unique_ptr<CuseNode>> CuseNode::create(std::string name, Device &device,
                                                   const CuseNode *previous)
{
    if (auto is_free = not_taken(name); !is_free)
        return std::unexpected(is_free.error());

    auto fd = open_cuse();
    if (!fd)
        return std::unexpected(fd.error());

    auto state = std::make_unique<State>(device);
    auto session = make_session(name, number_after(previous), state.get());
    if (!session)
        return failure(EINVAL, "cuse_lowlevel_new");

    state->channel = std::make_unique<Channel>(std::move(session), *std::move(fd));
    return std::unique_ptr<CuseNode>(new CuseNode(std::move(name), std::move(state)));
}

Status CuseNode::show(Server &server)
{
    server.add(*state_->channel);
    if (state_->ready.get_future().wait_for(kPatience) != std::future_status::ready)
        return failure(ETIMEDOUT, "CUSE device");

    return {};
}

void CuseNode::hide()
{
    state_->channel->close();
}

CuseNode::CuseNode(std::string name, std::unique_ptr<State> state)
    : name_(std::move(name)), state_(std::move(state))
{
}

CuseNode::~CuseNode() = default;

} // namespace dmaheap::cuse

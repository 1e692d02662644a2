// SPDX-License-Identifier: MIT
#include "cuse/notify/filter.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include <unistd.h>

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "cuse/uapi/dma_buf.h"
#include "cuse/uapi/dma_heap.h"
#include "cuse/uapi/ion_legacy.h"
#include "cuse/uapi/ion_modern.h"

namespace dmaheap::cuse {

namespace {

constexpr std::uint32_t kIoctl32 = 54;
constexpr std::uint32_t kIoctlX32 = 0x40000000 + 514;

constexpr std::uint32_t kTypeAndNumber = 0xffff;
constexpr std::uint32_t kDmaHeapType = DMA_HEAP_IOC_MAGIC << 8U;
constexpr std::array kOfBuffers{ uapi::kDmaBufSync, uapi::kDmaBufSetNameA, uapi::kDmaBufSetNameB,
                                 uapi::kDmaBufExportSyncFile, uapi::kDmaBufImportSyncFile };

constexpr unsigned kArch = offsetof(seccomp_data, arch);
constexpr unsigned kNumber = offsetof(seccomp_data, nr);
constexpr unsigned kCommand = offsetof(seccomp_data, args) + sizeof(std::uint64_t); // its low half

/// Jumps are given in instructions to skip.
class Program {
public:
    void load(unsigned offset) { add(BPF_LD | BPF_W | BPF_ABS, offset, 0, 0); }
    void keep_bits(std::uint32_t mask) { add(BPF_ALU | BPF_AND | BPF_K, mask, 0, 0); }
    void skip_unless_equal(std::uint32_t value, std::uint8_t skipped)
    {
        add(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skipped);
    }
    void skip_if_equal(std::uint32_t value, std::uint8_t skipped)
    {
        add(BPF_JMP | BPF_JEQ | BPF_K, value, skipped, 0);
    }
    void end(std::uint32_t action) { add(BPF_RET | BPF_K, action, 0, 0); }

    std::vector<sock_filter> code;

private:
    void add(unsigned operation, std::uint32_t value, std::uint8_t if_true, std::uint8_t if_false)
    {
        code.push_back({ .code = static_cast<std::uint16_t>(operation),
                         .jt = if_true,
                         .jf = if_false,
                         .k = value });
    }
};

/// Goes on for the ioctls of all ABIs, allows everything else.
void pick_ioctls(Program &program)
{
    program.load(kArch);
    program.skip_unless_equal(AUDIT_ARCH_X86_64, 4);
    program.load(kNumber);
    program.skip_if_equal(SYS_ioctl, 6);
    program.skip_if_equal(kIoctlX32, 5);
    program.end(SECCOMP_RET_ALLOW);
    program.skip_unless_equal(AUDIT_ARCH_I386, 2);
    program.load(kNumber);
    program.skip_if_equal(kIoctl32, 1);
    program.end(SECCOMP_RET_ALLOW);
}

void report_if_equal(Program &program, std::uint32_t value)
{
    program.skip_unless_equal(value, 1);
    program.end(SECCOMP_RET_USER_NOTIF);
}

Result<UniqueFd> install(const sock_fprog &program, unsigned long flags)
{
    const auto listener = check(
        "seccomp", static_cast<int>(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                              SECCOMP_FILTER_FLAG_NEW_LISTENER | flags, &program)));
    if (!listener)
        return std::unexpected(listener.error());

    return UniqueFd(*listener);
}

/// Whoever may not filter what has more privilege, gives up getting more.
Result<UniqueFd> install_anyway(const sock_fprog &program, unsigned long flags)
{
    auto listener = install(program, flags);
    if (listener || listener.error().code != EACCES)
        return listener;

    if (auto given_up = check_done("PR_SET_NO_NEW_PRIVS", ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
        !given_up)
        return std::unexpected(given_up.error());

    return install(program, flags);
}

} // namespace

std::vector<sock_filter> filter_program(Reported reported)
{
    Program program;
    pick_ioctls(program);
    program.load(kCommand);
    report_if_equal(program, uapi::ion::kAlloc);
    if (reported.of_legacy_ion) {
        report_if_equal(program, uapi::ion_legacy::kShare);
        report_if_equal(program, uapi::ion_legacy::kMap);
    }
    if (reported.of_buffers)
        for (const std::uint32_t command : kOfBuffers)
            report_if_equal(program, command);
    program.keep_bits(kTypeAndNumber);
    report_if_equal(program, kDmaHeapType | uapi::kDmaHeapAlloc);
    program.end(SECCOMP_RET_ALLOW);
    return program.code;
}

Result<InstalledFilter> install_filter(Reported reported, Waits wanted)
{
    auto code = filter_program(reported);
    const sock_fprog program{ .len = static_cast<unsigned short>(code.size()),
                              .filter = code.data() };
    // Without the flag, kernels before 5.16 slow the whole program down.
    constexpr unsigned long kFlags = SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    if (wanted == Waits::killably)
        if (auto listener =
                install_anyway(program, kFlags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV))
            return InstalledFilter{ .listener = *std::move(listener), .waits = Waits::killably };

    auto listener = install_anyway(program, kFlags);
    if (!listener)
        return std::unexpected(listener.error());

    return InstalledFilter{ .listener = *std::move(listener), .waits = Waits::interruptibly };
}

} // namespace dmaheap::cuse

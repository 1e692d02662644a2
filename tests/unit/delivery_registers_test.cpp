// SPDX-License-Identifier: MIT
#include <cstring>

#include <unistd.h>

#include <sys/syscall.h>

#include "cuse/delivery/registers.h"
#include "tests/support/catch.h"
#include "tests/unit/support/i386_numbers.h"

using namespace dmaheap;
using namespace dmaheap::delivery;

namespace {

constexpr Registers::Arguments kArguments{ 11, 12, 13, 14, 15, 16 };
constexpr RemoteSyscall kCall{ .x86_64 = 900, .i386 = 32 };

/// Every register has a value of its own.
user_regs_struct distinct()
{
    user_regs_struct raw{};
    std::array<unsigned long long, sizeof raw / sizeof(unsigned long long)> values{};
    for (std::size_t at = 0; at < values.size(); ++at)
        values[at] = 0x1111'0000'0000 + at;
    std::memcpy(&raw, values.data(), sizeof raw);
    return raw;
}

bool same(const user_regs_struct &left, const user_regs_struct &right)
{
    return std::memcmp(&left, &right, sizeof left) == 0;
}

Registers with_result(unsigned long long rax)
{
    user_regs_struct raw = distinct();
    raw.rax = rax;
    return Registers(raw);
}

} // namespace

TEST_CASE("registers: the instruction tells the ABI", "[delivery]")
{
    CHECK(Registers::abi_of(0x050f) == Abi::x86_64); // syscall, as a little-endian number
    CHECK(Registers::abi_of(0x80cd) == Abi::i386);   // int $0x80
    for (const std::uint16_t other : { 0x340f, 0x0f05, 0x0000, 0xffff, 0x00cd }) {
        const auto abi = Registers::abi_of(other); // the first is sysenter: its vDSO has int $0x80
        REQUIRE_FALSE(abi);
        CHECK(abi.error().code == ENOEXEC);
    }
}

TEST_CASE("registers: a call of x86-64 changes what it must and nothing else", "[delivery]")
{
    const user_regs_struct before = distinct();

    const Registers calling = Registers(before).calling(Abi::x86_64, kCall, kArguments);

    user_regs_struct expected = before;
    expected.rip = before.rip - 2;
    expected.orig_rax = ~0ULL;
    expected.rax = 900;
    expected.rdi = 11, expected.rsi = 12, expected.rdx = 13;
    expected.r10 = 14, expected.r8 = 15, expected.r9 = 16;
    CHECK(same(calling.raw(), expected));
}

TEST_CASE("registers: a call of i386 changes what it must and nothing else", "[delivery]")
{
    const user_regs_struct before = distinct();

    const Registers calling = Registers(before).calling(Abi::i386, kCall, kArguments);

    user_regs_struct expected = before;
    expected.rip = before.rip - 2;
    expected.orig_rax = ~0ULL;
    expected.rax = 32;
    expected.rbx = 11, expected.rcx = 12, expected.rdx = 13;
    expected.rsi = 14, expected.rdi = 15, expected.rbp = 16;
    CHECK(same(calling.raw(), expected));
}

TEST_CASE("registers: a call leaves the registers that it starts from alone", "[delivery]")
{
    const Registers before(distinct());

    static_cast<void>(before.calling(Abi::x86_64, kCall, kArguments));

    CHECK(same(before.raw(), distinct()));
    CHECK(before.program_counter() == distinct().rip);
}

TEST_CASE("registers: results of x86-64 are whole words", "[delivery]")
{
    CHECK(with_result(0).result(Abi::x86_64) == 0);
    CHECK(with_result(0x7fff'1234'5678).result(Abi::x86_64) == 0x7fff'1234'5678);
    CHECK(with_result(static_cast<unsigned long long>(-EFAULT)).result(Abi::x86_64) == -EFAULT);
}

TEST_CASE("registers: results of i386 are half words, and high addresses are no errors",
          "[delivery]")
{
    CHECK(with_result(0).result(Abi::i386) == 0);
    CHECK(with_result(0xf7fc'0000).result(Abi::i386) == 0xf7fc'0000);
    CHECK(with_result(0xffff'f000).result(Abi::i386) == 0xffff'f000);
    CHECK(with_result(0xffff'f001).result(Abi::i386) == -4095);
    CHECK(with_result(0xffff'fff2).result(Abi::i386) == -EFAULT);
    CHECK(with_result(0xffff'ffff'ffff'fff2).result(Abi::i386) == -EFAULT);
}

TEST_CASE("registers: a result is set where it is read", "[delivery]")
{
    Registers registers(distinct());

    registers.set_result(-ENOMEM);

    CHECK(registers.result(Abi::x86_64) == -ENOMEM);
    CHECK(registers.result(Abi::i386) == -ENOMEM);
}

TEST_CASE("registers: the calls have the numbers of the kernel's tables", "[delivery]")
{
    CHECK(remote::kSocket.x86_64 == SYS_socket);
    CHECK(remote::kMmap.x86_64 == SYS_mmap);
    CHECK(remote::kMunmap.x86_64 == SYS_munmap);
    CHECK(remote::kRecvmsg.x86_64 == SYS_recvmsg);
    CHECK(remote::kDup3.x86_64 == SYS_dup3);
    CHECK(remote::kClose.x86_64 == SYS_close);
    CHECK(remote::kSocket.i386 == test::i386::kSocket);
    CHECK(remote::kMmap.i386 == test::i386::kMmap2);
    CHECK(remote::kMunmap.i386 == test::i386::kMunmap);
    CHECK(remote::kRecvmsg.i386 == test::i386::kRecvmsg);
    CHECK(remote::kDup3.i386 == test::i386::kDup3);
    CHECK(remote::kClose.i386 == test::i386::kClose);
}

// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

/// What /proc says about a process.
namespace dmaheap::test::proc {

int descriptors(pid_t pid);
/// All of them, or those of files only, which is what memory allocators leave alone.
int mappings(pid_t pid);
int file_mappings(pid_t pid);
bool has_mapped(pid_t pid, const std::string &file);
std::vector<pid_t> threads(pid_t pid);
std::vector<pid_t> children(pid_t pid);
/// Of all its threads: how often they went to sleep or were sent there.
long context_switches(pid_t pid);
/// In clock ticks.
long cpu_time(pid_t pid);
/// One letter for each thread, as ps(1) shows them.
std::string states(pid_t pid);
/// The number of the system call that the thread is in; -1 when it runs or is not there.
long system_call(pid_t thread);

} // namespace dmaheap::test::proc

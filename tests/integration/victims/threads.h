// SPDX-License-Identifier: MIT
#pragma once

#include <pthread.h>

/// What the ways of having several threads have in common. Each way is a program of its own mode,
/// ends by printing a line, and returns the exit status.

/// The node, open.
extern int heap;

/// A thread with the smallest stack that the C library allows.
pthread_t start_thread(void *(*body)(void *), void *argument);
void join_thread(pthread_t thread);

/// Allocates `pages` pages, proves by size and content that the descriptor is of that very buffer,
/// and closes it. Ends the process when it is not.
void allocate_and_prove(unsigned pages);

int run_crowd(int count, int rounds);
int run_others(int rounds);
int run_orphaned(int rounds);
int run_unshared(int rounds);
int run_vfork(int rounds);
int run_replaced(int rounds);

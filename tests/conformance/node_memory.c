// SPDX-License-Identifier: MIT
// Mapping the node itself, and asking it for more memory than there is.
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <sys/mman.h>

#include "attempt.h"
#include "client.h"
#include "report.h"

static void map_node(const struct row *row)
{
    int node = open_node((int)row->arg[0]);
    void *start = mmap(NULL, page, (int)row->arg[1], (int)row->arg[2], node, 0);

    say_result(start == MAP_FAILED ? -1 : 0);
}

/// The kernel's system heap has no limit: this process shall be the one that is killed for it.
static void huge(const struct row *row)
{
    struct dma_heap_allocation_data request = { .len = row->arg[0], .fd_flags = O_RDWR };
    int score = open("/proc/self/oom_score_adj", O_WRONLY);

    if (write(score, "1000", 4) != 4) {
        say("cannot volunteer for being killed");
        return;
    }
    close(score);
    observe_attempt((struct attempt){ .node = open_node(O_RDWR),
                                      .command = DMA_HEAP_IOCTL_ALLOC,
                                      .argument = &request,
                                      .readable = sizeof(request) });
}

#define MAP(name, ...) ROW("node.mmap." name, map_node, .arg = { __VA_ARGS__ })
#define HUGE(name, len) ROW("node.huge." name, huge, .arg = { (len) })

static const struct row rows[] = {
    MAP("shared", O_RDWR, PROT_READ | PROT_WRITE, MAP_SHARED),
    MAP("shared-r", O_RDWR, PROT_READ, MAP_SHARED),
    MAP("private", O_RDWR, PROT_READ | PROT_WRITE, MAP_PRIVATE),
    MAP("private-r", O_RDWR, PROT_READ, MAP_PRIVATE),
    MAP("O_RDONLY.shared-r", O_RDONLY, PROT_READ, MAP_SHARED),
    MAP("O_RDONLY.shared", O_RDONLY, PROT_READ | PROT_WRITE, MAP_SHARED),
};

static const struct row huge_rows[] = {
    HUGE("1TiB", UINT64_C(1) << 40),
    HUGE("1EiB", UINT64_C(1) << 60),
    HUGE("minus-4096", UINT64_MAX - 4095),
};

const struct chapter node_memory_chapter = CHAPTER(rows);
const struct chapter node_huge_chapter = { huge_rows, sizeof(huge_rows) / sizeof(huge_rows[0]),
                                           .huge = true };

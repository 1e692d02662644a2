// SPDX-License-Identifier: MIT
// HEAP_QUERY of ION as Linux 4.12 to 5.10 had it.
#include <fcntl.h>
#include <string.h>

#include <sys/ioctl.h>
#include <sys/mman.h>

#include "client.h"
#include "ion_client.h"
#include "report.h"

enum { most_heaps = 8, untouched = 0x55 };

static void say_heap(const struct ion_heap *heap)
{
    say(", %u ", heap->heap_id);
    say_text(heap->name);
    say(" of type %u", heap->type);
    if (heap->reserved[0] != 0 || heap->reserved[1] != 0 || heap->reserved[2] != 0)
        say(" with something reserved");
}

/// Of the array, as far as it was written.
static void say_heaps(const struct ion_heap *heaps)
{
    struct ion_heap as_before;

    memset(&as_before, untouched, sizeof(as_before));
    for (const struct ion_heap *heap = heaps; heap < heaps + most_heaps; heap++) {
        if (memcmp(heap, &as_before, sizeof(as_before)) != 0)
            say_heap(heap);
    }
}

static void observe(int node, struct ion_query query)
{
    say_result(ioctl(node, ion_heap_query, &query));
    say(", cnt %u", query.cnt);
}

static void count_only(const struct row *row)
{
    observe(open_node(O_RDWR), (struct ion_query){ .cnt = (uint32_t)row->arg[0] });
}

/// An array for more heaps than there are, and a cnt of arg[0].
static void list(const struct row *row)
{
    struct ion_heap heaps[most_heaps];

    memset(heaps, untouched, sizeof(heaps));
    observe(open_node(O_RDWR),
            (struct ion_query){ .cnt = (uint32_t)row->arg[0], .heaps = (uintptr_t)heaps });
    say_heaps(heaps);
}

/// All of them, whoever asks.
static void list_by_another(const struct row *row)
{
    struct ion_heap heaps[most_heaps];
    const int node = open_node(O_RDWR);

    (void)row;
    memset(heaps, untouched, sizeof(heaps));
    become_another_user();
    observe(node, (struct ion_query){ .cnt = most_heaps, .heaps = (uintptr_t)heaps });
    say_heaps(heaps);
}

/// An array at the address arg[0].
static void list_at(const struct row *row)
{
    observe(open_node(O_RDWR), (struct ion_query){ .cnt = most_heaps, .heaps = row->arg[0] });
}

/// An array that ends after arg[0] bytes, for a cnt of arg[1].
static void list_cut(const struct row *row)
{
    const struct ion_heap none[most_heaps] = { { .type = 0 } };
    const void *start = cut_copy(none, (size_t)row->arg[0]);

    observe(open_node(O_RDWR),
            (struct ion_query){ .cnt = (uint32_t)row->arg[1], .heaps = (uintptr_t)start });
}

static void list_read_only(const struct row *row)
{
    const struct ion_heap none[most_heaps] = { { .type = 0 } };

    (void)row;
    observe(open_node(O_RDWR), (struct ion_query){ .cnt = most_heaps,
                                                   .heaps = (uintptr_t)protected_copy(
                                                       none, sizeof(none), 0, PROT_READ) });
}

static void query_read_only(const struct row *row)
{
    const struct ion_query query = { .cnt = 0 };

    (void)row;
    say_result(ioctl(open_node(O_RDWR), ion_heap_query,
                     protected_copy(&query, sizeof(query), 0, PROT_READ)));
}

/// reserved0, reserved1, reserved2.
static void reserved(const struct row *row)
{
    observe(open_node(O_RDWR), (struct ion_query){ .reserved0 = (uint32_t)row->arg[0],
                                                   .reserved1 = (uint32_t)row->arg[1],
                                                   .reserved2 = (uint32_t)row->arg[2] });
}

#define QUERY(name, function, ...) ROW("ion.query." name, function, .arg = { __VA_ARGS__ })

static const struct row rows[] = {
    QUERY("count", count_only, 0),
    QUERY("count.cnt-7", count_only, 7),
    QUERY("cnt-0", list, 0),
    QUERY("cnt-1", list, 1),
    QUERY("cnt-2", list, 2),
    QUERY("cnt-3", list, 3),
    QUERY("cnt-4", list, 4),
    QUERY("cnt-minus-1", list, (uint32_t)-1),
    QUERY("by-another", list_by_another, 0),
    QUERY("heaps-unmapped", list_at, page),
    QUERY("heaps-kernel", list_at, (uint64_t)-page),
    QUERY("heaps-cut", list_cut, 60, 3),
    QUERY("heaps-just-enough", list_cut, 52, 1),
    QUERY("heaps-read-only", list_read_only, 0),
    QUERY("read-only", query_read_only, 0),
    QUERY("reserved0", reserved, 1, 0, 0),
    QUERY("reserved1", reserved, 0, 1, 0),
    QUERY("reserved2", reserved, 0, 0, 1),
};

const struct chapter ion_query_chapter = CHAPTER(rows);

// SPDX-License-Identifier: MIT
// Asks a dma-heap or ION node everything that a client can ask, and prints what came of it, a line
// for each question. It judges nothing: the outputs of two implementations are meant to be
// compared.
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "row.h"

enum { usage_status = 2, skip_status = 77, usual_seconds = 30, huge_seconds = 240 };

static const struct chapter *const dma_heap[] = {
    &node_open_chapter,        &node_alloc_chapter,   &node_argument_chapter,
    &node_caller_chapter,      &node_ioctl_chapter,   &node_file_chapter,
    &node_memory_chapter,      &node_huge_chapter,    &buffer_descriptor_chapter,
    &buffer_file_chapter,      &buffer_map_chapter,   &buffer_mapped_chapter,
    &buffer_share_chapter,     &buffer_sync_chapter,  &buffer_name_chapter,
    &buffer_sync_file_chapter, &buffer_ioctl_chapter, NULL,
};
static const struct chapter *const ion_modern[] = { &ion_modern_chapter, &ion_query_chapter, NULL };
static const struct chapter *const ion_legacy[] = { &ion_legacy_chapter, &ion_handles_chapter,
                                                    NULL };

static const struct interface {
    const char *name;
    const struct chapter *const *chapters; ///< the last one is NULL
} interfaces[] = {
    { "dma-heap", dma_heap },
    { "ion-modern", ion_modern },
    { "ion-legacy", ion_legacy },
};

struct options {
    const struct chapter *const *chapters;
    bool list;
    bool huge;
};

static int usage(void)
{
    fprintf(stderr, "usage: conformance [--interface NAME] [--node PATH] [--huge] [--list]\n"
                    "  --interface NAME  dma-heap (default), ion-modern, ion-legacy\n"
                    "  --node PATH  the heap to ask (default /dev/dma_heap/system)\n"
                    "  --huge       ask it for more memory than there is, too\n"
                    "  --list       only print which lines there would be\n");
    return usage_status;
}

static const struct chapter *const *chapters_of(const char *interface)
{
    for (size_t i = 0; i < sizeof(interfaces) / sizeof(interfaces[0]); i++) {
        if (strcmp(interfaces[i].name, interface) == 0)
            return interfaces[i].chapters;
    }
    return NULL;
}

static bool parse(int count, char **words, struct options *options)
{
    static const struct option known[] = {
        { "node", required_argument, NULL, 'n' },
        { "huge", no_argument, NULL, 'h' },
        { "interface", required_argument, NULL, 'i' },
        { "list", no_argument, NULL, 'l' },
        { NULL, 0, NULL, 0 },
    };
    int option;

    while ((option = getopt_long(count, words, "", known, NULL)) != -1) {
        if (option == 'n')
            node_path = optarg;
        else if (option == 'h')
            options->huge = true;
        else if (option == 'i')
            options->chapters = chapters_of(optarg);
        else if (option == 'l')
            options->list = true;
        else
            return false;
    }
    return optind == count && options->chapters != NULL;
}

/// In seconds; DMAHEAPD_TEST_SLOW says how many times slower than others the machine is.
static int patience(const struct chapter *chapter)
{
    const char *slow = getenv("DMAHEAPD_TEST_SLOW");
    const int factor = slow != NULL ? atoi(slow) : 1;

    return (chapter->huge ? huge_seconds : usual_seconds) * (factor > 1 ? factor : 1);
}

static void run_chapter(const struct chapter *chapter, struct options options)
{
    if (chapter->huge && !options.huge)
        return;
    for (size_t i = 0; i < chapter->count; i++) {
        if (options.list)
            printf("%s\n", chapter->rows[i].id);
        else
            run_row(&chapter->rows[i], patience(chapter));
    }
}

static bool node_can_be_opened(void)
{
    int node = open(node_path, O_RDWR | O_CLOEXEC);

    if (node == -1)
        fprintf(stderr, "conformance: %s: %s\n", node_path, strerror(errno));
    else
        close(node);
    return node != -1;
}

int main(int count, char **words)
{
    struct options options = { dma_heap, false, false };

    if (!parse(count, words, &options))
        return usage();
    if (!options.list && !node_can_be_opened())
        return skip_status;

    for (size_t i = 0; options.chapters[i] != NULL; i++)
        run_chapter(options.chapters[i], options);
    return fflush(stdout) == 0 ? 0 : 1;
}

// SPDX-License-Identifier: MIT
//
// A recorder, of the simplest kind: captures pictures with a V4L2 camera into buffers of a heap.
// With a command, runs that while the camera goes on, and then captures as many pictures again.

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "camera.h"
#include "command.h"
#include "heap.h"

enum { buffers = 3 };

struct recorder {
    struct camera camera;
    int buffer[buffers];
    unsigned char *memory[buffers];
    uint64_t seen[buffers]; ///< what the buffer's last picture added up to
    unsigned empty;
    unsigned new;
};

static void queue(struct recorder *recorder, unsigned index)
{
    if (camera_queue(&recorder->camera, index, recorder->buffer[index]) == -1)
        give_up("VIDIOC_QBUF");
}

static void allocate(struct recorder *recorder, const char *node)
{
    const int heap = heap_open(node);

    for (unsigned i = 0; i < buffers; i++) {
        recorder->buffer[i] = heap_allocate(heap, recorder->camera.size);
        recorder->memory[i] = buffer_map(recorder->buffer[i], recorder->camera.size);
    }
    close(heap);
}

static uint64_t sum(const unsigned char *memory, size_t size)
{
    const uint64_t *words = (const uint64_t *)memory;
    uint64_t total = 0;

    for (size_t i = 0; i < size / sizeof(*words); i++)
        total = total * 31 + words[i];
    return total;
}

/// Looks at the picture as any program might that works on it.
static void look(struct recorder *recorder, unsigned index)
{
    buffer_begin(recorder->buffer[index]);
    const uint64_t now = sum(recorder->memory[index], recorder->camera.size);
    buffer_end(recorder->buffer[index]);

    recorder->empty += now == 0;
    recorder->new += now != recorder->seen[index];
    recorder->seen[index] = now;
}

static void record(struct recorder *recorder, unsigned pictures)
{
    recorder->empty = 0;
    recorder->new = 0;
    for (unsigned i = 0; i < pictures; i++) {
        const unsigned index = camera_next(&recorder->camera);
        look(recorder, index);
        queue(recorder, index);
    }
    printf("%u pictures, %u of them empty, %u of them new\n", pictures, recorder->empty,
           recorder->new);
    fflush(stdout);
    errno = ENODATA;
    if (recorder->empty > 0)
        give_up("the camera gives nothing");
}

int main(int argc, char **argv)
{
    struct recorder recorder = { 0 };

    if (argc < 7) {
        fprintf(stderr, "usage: capture CAMERA INPUT WIDTH HEIGHT HEAP PICTURES [COMMAND...]\n");
        return 2;
    }
    recorder.camera = camera_open(argv[1], number(argv[2]), number(argv[3]), number(argv[4]));
    allocate(&recorder, argv[5]);
    camera_expect(&recorder.camera, buffers);
    for (unsigned i = 0; i < buffers; i++)
        queue(&recorder, i);

    camera_start(&recorder.camera);
    record(&recorder, number(argv[6]));
    if (argc > 7) {
        run_command(&argv[7]);
        record(&recorder, number(argv[6]));
    }
    camera_stop(&recorder.camera);
    return 0;
}

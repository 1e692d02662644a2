// SPDX-License-Identifier: MIT
//
// A buffer that only a driver holds: queued in a camera, its descriptor closed. The heap has a
// limit of one picture, so that it shows whether the buffer is still accounted for.

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "camera.h"
#include "heap.h"

enum { pictures = 2 };

/// Fails unless the heap gives a buffer now, or refuses it with ENOMEM.
static void expect(int heap, size_t size, bool given, const char *when)
{
    const int buffer = heap_try(heap, size);

    printf("%s: %s\n", when, buffer == -1 ? strerrorname_np(errno) : "a buffer");
    if (given ? buffer == -1 : buffer != -1 || errno != ENOMEM)
        give_up("not as expected");
    close(buffer);
}

static void queue_and_forget(const struct camera *camera, int heap)
{
    int buffer[pictures];

    for (unsigned i = 0; i < pictures; i++)
        buffer[i] = heap_allocate(heap, camera->size);
    expect(heap, camera->size, false, "descriptors are open");
    for (unsigned i = 0; i < pictures; i++) {
        if (camera_queue(camera, i, buffer[i]) == -1)
            give_up("VIDIOC_QBUF");
        close(buffer[i]);
    }
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: queued CAMERA INPUT WIDTH HEIGHT HEAP\n");
        return 2;
    }
    const struct camera camera =
        camera_open(argv[1], number(argv[2]), number(argv[3]), number(argv[4]));
    const int heap = heap_open(argv[5]);

    camera_expect(&camera, pictures);
    queue_and_forget(&camera, heap);
    expect(heap, camera.size, false, "only the driver has them");
    camera_start(&camera);
    for (unsigned i = 0; i < pictures; i++)
        printf("captured into number %u\n", camera_next(&camera));
    expect(heap, camera.size, false, "the driver has filled them");
    camera_stop(&camera);
    camera_expect(&camera, 0);
    expect(heap, camera.size, true, "the driver has let go");
    return 0;
}

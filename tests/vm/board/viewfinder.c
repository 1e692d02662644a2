// SPDX-License-Identifier: MIT
//
// Camera to display without a copy: a V4L2 camera captures into buffers of a heap, and a DRM
// display reads from the same buffers. The last picture stays on the screen while a command runs.

#include <stdio.h>
#include <unistd.h>

#include "camera.h"
#include "command.h"
#include "heap.h"
#include "screen.h"

enum { buffers = 4 };

struct viewfinder {
    struct camera camera;
    struct screen screen;
    int buffer[buffers];
    uint32_t picture[buffers];
};

static void queue(struct viewfinder *finder, unsigned index)
{
    if (camera_queue(&finder->camera, index, finder->buffer[index]) == -1)
        give_up("VIDIOC_QBUF");
}

static void set_up(struct viewfinder *finder, const char *node)
{
    const int heap = heap_open(node);

    camera_expect(&finder->camera, buffers);
    for (unsigned i = 0; i < buffers; i++) {
        finder->buffer[i] = heap_allocate(heap, finder->camera.size);
        finder->picture[i] =
            screen_import(&finder->screen, finder->buffer[i], finder->camera.stride);
        queue(finder, i);
    }
    close(heap);
}

/// What the display shows goes back to the camera when the next picture is on the screen. Returns
/// the number of the buffer that is shown last, and that nobody writes to any more.
static unsigned show(struct viewfinder *finder, unsigned pictures)
{
    unsigned shown = camera_next(&finder->camera);

    screen_show(&finder->screen, finder->picture[shown]);
    for (unsigned i = 1; i < pictures; i++) {
        const unsigned next = camera_next(&finder->camera);
        screen_show(&finder->screen, finder->picture[next]);
        queue(finder, shown);
        shown = next;
    }
    return shown;
}

int main(int argc, char **argv)
{
    struct viewfinder finder = { 0 };

    if (argc < 10) {
        fprintf(stderr, "usage: viewfinder CAMERA INPUT CARD WIDTH HEIGHT HEAP PICTURES FILE "
                        "COMMAND...\n");
        return 2;
    }
    const unsigned width = number(argv[4]);
    const unsigned height = number(argv[5]);
    finder.camera = camera_open(argv[1], number(argv[2]), width, height);
    finder.screen = screen_open(argv[3], width, height);
    set_up(&finder, argv[6]);

    camera_start(&finder.camera);
    const unsigned last = show(&finder, number(argv[7]));
    camera_stop(&finder.camera);
    buffer_save(finder.buffer[last], finder.camera.size, argv[8]);
    run_command(&argv[9]);
    return 0;
}

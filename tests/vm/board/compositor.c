// SPDX-License-Identifier: MIT
//
// The second part of a pipeline: puts pictures that come over a socket into the middle of the
// screen. They lie in buffers of the sender's heap; the screen reads from two buffers of another
// heap in turns. The last one stays on the screen while a command runs.

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "command.h"
#include "heap.h"
#include "pipeline.h"
#include "screen.h"
#include "wire.h"

struct surface {
    int buffer;
    unsigned char *memory;
    uint32_t picture;
};

struct compositor {
    struct screen screen;
    unsigned stride;
    size_t size;
    struct surface surface[2];
    int frame[pipeline_buffers];
    unsigned char *pixels[pipeline_buffers];
};

/// Waits for the first part of the pipeline, which is another user's.
static int listen_at(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    umask(0);
    if (listening == -1 || bind(listening, (struct sockaddr *)&address, sizeof(address)) == -1 ||
        listen(listening, 1) == -1)
        give_up(path);
    return listening;
}

static int accept_from(int listening)
{
    const int source = accept4(listening, NULL, NULL, SOCK_CLOEXEC);

    if (source == -1)
        give_up("accept");
    close(listening);
    return source;
}

static void make_surfaces(struct compositor *compositor, const char *node)
{
    const int heap = heap_open(node);

    for (unsigned i = 0; i < 2; i++) {
        struct surface *surface = &compositor->surface[i];
        surface->buffer = heap_allocate(heap, compositor->size);
        surface->memory = buffer_map(surface->buffer, compositor->size);
        surface->picture = screen_import(&compositor->screen, surface->buffer, compositor->stride);
    }
    close(heap);
}

static void receive_frames(struct compositor *compositor, int source)
{
    for (unsigned i = 0; i < pipeline_buffers; i++) {
        compositor->frame[i] = wire_receive_buffer(source);
        compositor->pixels[i] = buffer_map(compositor->frame[i], pipeline_stride * pipeline_height);
    }
}

/// What a GPU does on a board.
static void compose(const struct compositor *compositor, struct surface *to, unsigned index)
{
    const unsigned left = (compositor->screen.mode.hdisplay - pipeline_width) / 2;
    const unsigned above = (compositor->screen.mode.vdisplay - pipeline_height) / 2;

    buffer_begin(compositor->frame[index]);
    buffer_begin(to->buffer);
    memset(to->memory, 0x40, compositor->size);
    for (unsigned line = 0; line < pipeline_height; line++)
        memcpy(to->memory + (size_t)(above + line) * compositor->stride + (size_t)left * 4,
               compositor->pixels[index] + (size_t)line * pipeline_stride, pipeline_stride);
    buffer_end(to->buffer);
    buffer_end(compositor->frame[index]);
}

/// Until the source ends; what is on the screen then.
static struct surface *show_all(struct compositor *compositor, int source)
{
    struct surface *shown = NULL;
    unsigned char index = 0;
    unsigned pictures = 0;

    while (read(source, &index, 1) == 1 && index < pipeline_buffers) {
        shown = &compositor->surface[pictures++ % 2];
        compose(compositor, shown, index);
        screen_show(&compositor->screen, shown->picture);
        if (write(source, &index, 1) != 1)
            break;
    }
    printf("%u pictures composed\n", pictures);
    return shown;
}

int main(int argc, char **argv)
{
    struct compositor compositor = { 0 };

    if (argc < 8) {
        fprintf(stderr, "usage: compositor CARD WIDTH HEIGHT HEAP SOCKET FILE COMMAND...\n");
        return 2;
    }
    const int listening = listen_at(argv[5]);
    compositor.screen = screen_open(argv[1], number(argv[2]), number(argv[3]));
    compositor.stride = 4U * compositor.screen.mode.hdisplay;
    compositor.size = (size_t)compositor.stride * compositor.screen.mode.vdisplay;
    make_surfaces(&compositor, argv[4]);
    const int source = accept_from(listening);
    receive_frames(&compositor, source);

    const struct surface *shown = show_all(&compositor, source);
    if (shown == NULL)
        give_up("no picture came");
    buffer_save(shown->buffer, compositor.size, argv[6]);
    run_command(&argv[7]);
    return 0;
}

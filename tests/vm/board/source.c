// SPDX-License-Identifier: MIT
//
// The first part of a pipeline: captures pictures into buffers of a heap, which it shares with the
// next part over a socket. A byte to there says which buffer holds a new picture, the same byte
// back that it has been seen.

#include <stdio.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/un.h>

#include "camera.h"
#include "heap.h"
#include "pipeline.h"
#include "wire.h"

static int connect_to(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const int next = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    if (next == -1 || connect(next, (struct sockaddr *)&address, sizeof(address)) == -1)
        give_up(path);
    return next;
}

static void queue(const struct camera *camera, unsigned index, int buffer)
{
    if (camera_queue(camera, index, buffer) == -1)
        give_up("VIDIOC_QBUF");
}

static void deliver(int next, unsigned index)
{
    unsigned char byte = (unsigned char)index;

    if (write(next, &byte, 1) != 1 || read(next, &byte, 1) != 1)
        give_up("the next part of the pipeline");
}

int main(int argc, char **argv)
{
    int buffer[pipeline_buffers];

    if (argc != 6) {
        fprintf(stderr, "usage: source CAMERA INPUT HEAP SOCKET PICTURES\n");
        return 2;
    }
    const struct camera camera =
        camera_open(argv[1], number(argv[2]), pipeline_width, pipeline_height);
    const int heap = heap_open(argv[3]);
    const int next = connect_to(argv[4]);

    camera_expect(&camera, pipeline_buffers);
    for (unsigned i = 0; i < pipeline_buffers; i++) {
        buffer[i] = heap_allocate(heap, pipeline_stride * pipeline_height);
        wire_send_buffer(next, buffer[i]);
        queue(&camera, i, buffer[i]);
    }

    camera_start(&camera);
    for (unsigned left = number(argv[5]); left > 0; left--) {
        const unsigned index = camera_next(&camera);
        deliver(next, index);
        queue(&camera, index, buffer[index]);
    }
    camera_stop(&camera);
    return 0;
}

// SPDX-License-Identifier: MIT
#include "camera.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <linux/videodev2.h>
#include <sys/ioctl.h>

#include "heap.h"

/// Makes a call of the driver, again if a signal came between.
static int call(int fd, unsigned long command, void *argument)
{
    int result = 0;

    do {
        result = ioctl(fd, command, argument);
    } while (result == -1 && errno == EINTR);
    return result;
}

static void need(int fd, unsigned long command, void *argument, const char *what)
{
    if (call(fd, command, argument) == -1)
        give_up(what);
}

static void choose_format(struct camera *camera, unsigned width, unsigned height)
{
    struct v4l2_format format = { .type = V4L2_BUF_TYPE_VIDEO_CAPTURE };
    struct v4l2_pix_format *pix = &format.fmt.pix;

    pix->width = width;
    pix->height = height;
    pix->pixelformat = V4L2_PIX_FMT_XBGR32;
    pix->field = V4L2_FIELD_NONE;
    need(camera->fd, VIDIOC_S_FMT, &format, "VIDIOC_S_FMT");
    errno = ENOTSUP;
    if (pix->width != width || pix->height != height || pix->pixelformat != V4L2_PIX_FMT_XBGR32)
        give_up("VIDIOC_S_FMT chose another format");

    camera->width = width;
    camera->height = height;
    camera->stride = pix->bytesperline;
    camera->size = pix->sizeimage;
}

struct camera camera_open(const char *path, unsigned input, unsigned width, unsigned height)
{
    struct camera camera = { .fd = open(path, O_RDWR | O_CLOEXEC) };
    int number_of_input = (int)input;

    if (camera.fd == -1)
        give_up(path);
    need(camera.fd, VIDIOC_S_INPUT, &number_of_input, "VIDIOC_S_INPUT");
    choose_format(&camera, width, height);
    return camera;
}

void camera_expect(const struct camera *camera, unsigned count)
{
    struct v4l2_requestbuffers request = {
        .count = count,
        .type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
        .memory = V4L2_MEMORY_DMABUF,
    };

    need(camera->fd, VIDIOC_REQBUFS, &request, "VIDIOC_REQBUFS");
    errno = ENOBUFS;
    if (request.count != count)
        give_up("VIDIOC_REQBUFS gave another number");
}

int camera_queue(const struct camera *camera, unsigned index, int buffer)
{
    struct v4l2_buffer queued = {
        .index = index,
        .type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
        .memory = V4L2_MEMORY_DMABUF,
        .m.fd = buffer,
    };

    return call(camera->fd, VIDIOC_QBUF, &queued);
}

void camera_start(const struct camera *camera)
{
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;

    need(camera->fd, VIDIOC_STREAMON, &type, "VIDIOC_STREAMON");
}

void camera_stop(const struct camera *camera)
{
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;

    need(camera->fd, VIDIOC_STREAMOFF, &type, "VIDIOC_STREAMOFF");
}

unsigned camera_next(const struct camera *camera)
{
    struct v4l2_buffer taken = {
        .type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
        .memory = V4L2_MEMORY_DMABUF,
    };

    need(camera->fd, VIDIOC_DQBUF, &taken, "VIDIOC_DQBUF");
    errno = EIO;
    if ((taken.flags & V4L2_BUF_FLAG_ERROR) != 0 || taken.bytesused != camera->size)
        give_up("VIDIOC_DQBUF gave a damaged picture");
    return taken.index;
}

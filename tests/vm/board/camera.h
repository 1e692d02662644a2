// SPDX-License-Identifier: MIT
#pragma once

#include <stddef.h>

/// A V4L2 camera that captures pictures of 32 bits a pixel (XBGR32: B, G, R, nothing) into
/// buffers from elsewhere. Whatever goes wrong ends the program, if nothing else is said.
struct camera {
    int fd;
    unsigned width;
    unsigned height;
    unsigned stride; ///< bytes from one line to the next
    size_t size;     ///< bytes of one picture
};

/// `input` is the driver's number for what the camera is to look at.
struct camera camera_open(const char *path, unsigned input, unsigned width, unsigned height);

/// Tells the driver how many buffers there will be; 0 makes it let go of all of them.
void camera_expect(const struct camera *camera, unsigned count);

/// Gives buffer number `index` to the driver. -1 and errno if it does not want it.
int camera_queue(const struct camera *camera, unsigned index, int buffer);

void camera_start(const struct camera *camera);
void camera_stop(const struct camera *camera);

/// Waits for the next picture and takes the buffer back; its number.
unsigned camera_next(const struct camera *camera);

// SPDX-License-Identifier: MIT
#pragma once

#include <stdint.h>
#include <xf86drmMode.h>

/// A display that a DRM driver serves, in one mode. Whatever goes wrong ends the program.
struct screen {
    int fd;
    uint32_t crtc;
    uint32_t connector;
    drmModeModeInfo mode;
};

struct screen screen_open(const char *path, unsigned width, unsigned height);

/// A picture on the display's side over a buffer of ours, of 32 bits a pixel and as large as the
/// mode: no memory is taken and nothing is copied. The buffer's descriptor is not needed after it.
uint32_t screen_import(const struct screen *screen, int buffer, unsigned stride);

/// Has the display read from that picture, once this returns.
void screen_show(const struct screen *screen, uint32_t picture);

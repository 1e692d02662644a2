// SPDX-License-Identifier: MIT
#include "screen.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <xf86drm.h>

#include "heap.h"

/// Looks for the mode among those of a connector that has a display.
static bool find_mode(struct screen *screen, uint32_t connector, unsigned width, unsigned height)
{
    drmModeConnector *found = drmModeGetConnector(screen->fd, connector);
    bool has_mode = false;

    if (found == NULL)
        return false;
    for (int i = 0; i < found->count_modes && !has_mode; i++) {
        screen->mode = found->modes[i];
        has_mode = screen->mode.hdisplay == width && screen->mode.vdisplay == height;
    }
    screen->connector = connector;
    has_mode = has_mode && found->connection == DRM_MODE_CONNECTED;
    drmModeFreeConnector(found);
    return has_mode;
}

struct screen screen_open(const char *path, unsigned width, unsigned height)
{
    struct screen screen = { .fd = open(path, O_RDWR | O_CLOEXEC) };
    bool found = false;

    if (screen.fd == -1)
        give_up(path);
    drmModeRes *resources = drmModeGetResources(screen.fd);
    if (resources == NULL || resources->count_crtcs == 0)
        give_up("drmModeGetResources");
    screen.crtc = resources->crtcs[0];
    for (int i = 0; i < resources->count_connectors && !found; i++)
        found = find_mode(&screen, resources->connectors[i], width, height);
    drmModeFreeResources(resources);
    errno = ENODEV;
    if (!found)
        give_up("no display has this mode");
    return screen;
}

uint32_t screen_import(const struct screen *screen, int buffer, unsigned stride)
{
    uint32_t handle = 0;
    uint32_t picture = 0;

    if (drmPrimeFDToHandle(screen->fd, buffer, &handle) != 0)
        give_up("DRM_IOCTL_PRIME_FD_TO_HANDLE");
    const uint32_t handles[4] = { handle };
    const uint32_t strides[4] = { stride };
    const uint32_t offsets[4] = { 0 };
    if (drmModeAddFB2(screen->fd, screen->mode.hdisplay, screen->mode.vdisplay, DRM_FORMAT_XRGB8888,
                      handles, strides, offsets, &picture, 0) != 0)
        give_up("DRM_IOCTL_MODE_ADDFB2");
    return picture;
}

void screen_show(const struct screen *screen, uint32_t picture)
{
    drmModeModeInfo mode = screen->mode;
    uint32_t connector = screen->connector;

    if (drmModeSetCrtc(screen->fd, screen->crtc, picture, 0, 0, &connector, 1, &mode) != 0)
        give_up("DRM_IOCTL_MODE_SETCRTC");
}

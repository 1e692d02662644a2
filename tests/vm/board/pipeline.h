// SPDX-License-Identifier: MIT
#pragma once

/// What source and compositor have agreed upon: pictures of 32 bits a pixel.
enum {
    pipeline_buffers = 3,
    pipeline_width = 640,
    pipeline_height = 480,
    pipeline_stride = 4 * pipeline_width,
};

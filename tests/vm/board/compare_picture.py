#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fail unless a screen shows what a buffer holds, pixel by pixel, and that is a picture.

    compare_picture.py BUFFER SCREEN WIDTH HEIGHT

BUFFER holds B, G, R and nothing of each pixel, SCREEN is a binary PPM.
"""

import pathlib
import re
import sys

FEWEST_COLOURS = 8


def pixels_of_screen(data, width, height):
    """R, G and B of each pixel."""
    header = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", data)
    if not header or (int(header[1]), int(header[2])) != (width, height):
        sys.exit(f"the screen is not {width}x{height}: {data[:20]}")
    return data[header.end() :]


def differences(buffer, screen):
    """How many pixels are not the same in one of the colours."""
    planes = [(buffer[2 - colour :: 4], screen[colour::3]) for colour in range(3)]
    if any(len(ours) != len(theirs) for ours, theirs in planes):
        sys.exit("buffer and screen have not the same size")
    different = set()
    for ours, theirs in planes:
        if ours != theirs:
            different.update(at for at in range(len(ours)) if ours[at] != theirs[at])
    return len(different)


def main(buffer, screen, width, height):
    width, height = int(width), int(height)
    held = pathlib.Path(buffer).read_bytes()[: 4 * width * height]
    shown = pixels_of_screen(pathlib.Path(screen).read_bytes(), width, height)
    wrong = differences(held, shown)
    if wrong:
        sys.exit(f"{wrong} of {width * height} pixels are not those of the buffer")
    colours = len(set(zip(shown[0::3], shown[1::3], shown[2::3])))
    if colours < FEWEST_COLOURS:
        sys.exit(f"that is no picture: {colours} colours")
    print(f"all {width * height} pixels are those of the buffer, {colours} colours")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""What the image designs compute, written from its definition."""

import numpy as np

WEIGHTS = np.outer([1, 2, 1], [1, 2, 1])
"""Of a pixel and its neighbours, in sixteenths."""


def blur(images):
    """Each image by itself, its edges continued outwards: (images, rows, width) uint8 -> same."""
    rows, width = images.shape[1:]
    around = np.pad(images.astype(np.int32), ((0, 0), (1, 1), (1, 1)), mode="edge")
    sums = sum(
        weight * around[:, row : row + rows, column : column + width]
        for (row, column), weight in np.ndenumerate(WEIGHTS)
    )
    return ((sums + 8) >> 4).astype(np.uint8)


def pictures(images, rows, width):
    """Images by name in which a line too early, too late or of another image shows."""
    line, column = np.indices((rows, width))
    checkers = (255 * ((line + column) % 2)).astype(np.uint8)
    frame = np.zeros((rows, width), np.uint8)
    frame[[0, -1]] = 255
    frame[:, [0, -1]] = 255
    ramp = np.arange(images * rows * width).reshape(images, rows, width).astype(np.uint8)
    black_and_white = np.zeros((images, rows, width), np.uint8)
    black_and_white[::2] = 255
    return {
        "checkers": np.repeat(checkers[None], images, axis=0),
        "frame": np.repeat(frame[None], images, axis=0),
        "ramp": ramp,
        "black_and_white": black_and_white,
    }

"""A 3 x 3 convolution of an int8 image: out = clip8(sum >> 7), channel by channel."""

import numpy as np

from pipeline import In, Out

parameters = {"rows": 8, "columns": 16, "channels": 8}
variants = {"c8": {}}


def buffers(p):
    return {
        "image": In((p.rows + 2, p.columns + 2, p.channels), "int8"),
        "weights": In((3, 3, p.channels, p.channels), "int8"),
        "out": Out((p.rows, p.columns, p.channels), "int8"),
    }


def work(p):
    return {"ops": 2 * 9 * p.rows * p.columns * p.channels**2}


def reference(p, image, weights):
    sums = np.zeros((p.rows, p.columns, p.channels), np.int32)
    for row in range(3):
        for column in range(3):
            part = image[row : row + p.rows, column : column + p.columns].astype(np.int32)
            sums += part @ weights[row, column].astype(np.int32)
    return np.clip(sums >> 7, -128, 127).astype(np.int8)

"""y = x + (x - blur(x)): two cores in a row, and a skip connection past the first."""

import numpy as np

from pipeline import In, Out

from ._blur import blur, pictures

parameters = {"images": 2, "rows": 6, "width": 256, "second": 3, "skip": 3}
"""`second` is the row of the second core's tile; `skip` how many lines wait for it there."""
variants = {"neighbours": {}, "apart": {"second": 5}, "npu2": {"device": "npu2"}}


def buffers(p):
    shape = (p.images, p.rows, p.width)
    return {"in": In(shape, "uint8"), "out": Out(shape, "uint8")}


def reference(p, images):
    sums = 2 * images.astype(np.int32) - blur(images)
    return np.clip(sums, 0, 255).astype(np.uint8)


def vectors(p, rng):
    made = pictures(p.images, p.rows, p.width)
    return {name: {"in": images} for name, images in made.items()}

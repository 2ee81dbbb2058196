"""A 3 x 3 convolution of an int8 image with the AIE API: four pixels at a time."""

from .conv2d_int8 import buffers, reference, work

__all__ = ["buffers", "parameters", "reference", "variants", "work"]

parameters = {"rows": 8, "columns": 16, "channels": 8}
variants = {"c8": {}}

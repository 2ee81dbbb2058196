"""The sum of each line of an int32 stream with the AIE API."""

from .reduce_sum import buffers, reference, work

__all__ = ["buffers", "parameters", "reference", "variants", "work"]

parameters = {"n": 4096, "line": 1024}
variants = {"n4096": {}}

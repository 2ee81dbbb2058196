"""vector_scale with the AIE API: out = FACTOR * in, int32, 16 numbers at a time."""

from .vector_scale import buffers, reference, work

__all__ = ["buffers", "parameters", "reference", "variants", "work"]

parameters = {"n": 4096, "line": 1024, "factor": -3}
variants = {"n4096": {}}

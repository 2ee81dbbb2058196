"""sum = a + b, int32, with the AIE API."""

from .vector_add import buffers, reference, work

__all__ = ["buffers", "parameters", "reference", "variants", "work"]

parameters = {"n": 4096, "line": 256}
variants = {"n4096": {}}

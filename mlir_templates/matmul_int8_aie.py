"""C = clip8((A B) >> 7), int8, with the AIE API: blocks of 4 x 8 (on npu2 8 x 8) times 8 x 8."""

from .matmul_int8 import buffers, reference, vectors, work

__all__ = ["buffers", "parameters", "reference", "variants", "vectors", "work"]

parameters = {"n": 64, "rows": 4}
variants = {"n64": {}, "npu2": {"device": "npu2", "rows": 8}}

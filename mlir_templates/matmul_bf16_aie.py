"""C = A B, bfloat16, with the AIE API: blocks of 4 x 8 times 8 x 4, on npu2 8 x 8 times 8 x 8."""

from .matmul_bf16 import buffers, checks, reference, work

__all__ = ["buffers", "checks", "parameters", "reference", "variants", "work"]

parameters = {"n": 64, "side": 4}
variants = {"n64": {}, "npu2": {"device": "npu2", "side": 8}}

"""Softmax of a row of bfloat16 numbers with the AIE API: 16 at a time, in float."""

from .softmax_bf16 import buffers, checks, reference, vectors

__all__ = ["buffers", "checks", "parameters", "reference", "variants", "vectors"]

parameters = {"n": 1024, "rows": 1, "workers": 1, "columns": 1}
variants = {"n1024": {}}

"""Layer normalisation of bfloat16 numbers with the AIE API: 16 at a time, in float."""

from .layernorm_bf16 import buffers, checks, reference, vectors

__all__ = ["buffers", "checks", "parameters", "reference", "variants", "vectors"]

parameters = {"n": 1024}
variants = {"n1024": {}}

"""Attention over one tile, int8, with the AIE API: scores and weighted sums as vectors."""

from .attention import buffers, reference, vectors, work

__all__ = ["buffers", "parameters", "reference", "variants", "vectors", "work"]

parameters = {"rows": 64, "dim": 64, "shift": 3}
variants = {"t64": {}}

"""Folding, simplifying and unrolling: what MLIR's own transformations do to core code."""

"""What dodo.py is made of: designs, toolchain, stages.

A design's Python file needs the three buffer kinds only: `from pipeline import In, InOut, Out`.
"""

from pipeline.buffers import Buffer, In, InOut, Out

__all__ = ["Buffer", "In", "InOut", "Out"]

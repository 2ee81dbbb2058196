"""What dodo.py is made of: designs, toolchain, stages.

A design's Python file needs little of it: `from pipeline import In, InOut, Out`, and Tolerance
where a floating-point output is to be judged more sharply than by its type.
"""

from pipeline.buffers import Buffer, In, InOut, Out
from runner.tolerance import Tolerance

__all__ = ["Buffer", "In", "InOut", "Out", "Tolerance"]

"""What dodo.py is made of: designs, toolchain, stages.

A design's Python file needs little of it: `from pipeline import In, InOut, Out`, and one of exact,
absolute, relative, ulp, correlation, snr where an output is not to be judged by its type.
"""

from pipeline.buffers import Buffer, In, InOut, Out
from pipeline.iron_programs import iron
from runner.verdicts.criteria import absolute, correlation, exact, relative, snr, ulp

__all__ = [
    "Buffer",
    "In",
    "InOut",
    "Out",
    "absolute",
    "correlation",
    "exact",
    "iron",
    "relative",
    "snr",
    "ulp",
]

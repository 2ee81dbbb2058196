"""How two builds differ, in decoded form.

`differences(a, b)` compares the bytes of two files by meaning; `compare_paths(a, b)` two files or
two folders.
"""

from softnpu.inspect.diff.contents import VARYING, differences
from softnpu.inspect.diff.difference import Difference
from softnpu.inspect.diff.paths import FileDifference, compare_paths

__all__ = ["VARYING", "Difference", "FileDifference", "compare_paths", "differences"]

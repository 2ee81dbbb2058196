"""What dodo.py is made of: designs, toolchain, stages.

A design's Python file needs little of it: `from pipeline import In, InOut, Out`, and one of exact,
absolute, relative, ulp, correlation, snr where an output is not to be judged by its type.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_HOMES = ("pipeline.buffers", "pipeline.iron_programs", "runner.verdicts.criteria")


def __getattr__(name: str) -> Any:
    """One of those names, imported when a design asks for it: criteria take numpy, a dump none."""
    if name in __all__:
        for home in map(import_module, _HOMES):
            if hasattr(home, name):
                return getattr(home, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

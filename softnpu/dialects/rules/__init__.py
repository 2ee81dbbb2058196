"""What a design must keep to beyond syntax: the checks of the dialects' verifiers.

One module a subject; each has `RULES`, a function by op name, which raises DesignError. The
rules are those of mlir-aie (AIEDialect.cpp, AIEXDialect.cpp, AIETraceOps.cpp) and, for upstream
dialects, of MLIR, so that what passes here passes there, told in the author's names; where one is
stricter it says why.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

ARRAY = (
    "descriptors",
    "dma",
    "objectfifo",
    "parameters",
    "resets",
    "sequence",
    "streams",
    "tiles",
    "trace",
)
SUBJECTS: dict[str, tuple[str, ...]] = {
    "aie": ARRAY,
    "aiex": ARRAY,
    "affine": ("memref",),
    "arith": ("arith",),
    "cf": ("control",),
    "func": ("control",),
    "index": ("arith",),
    "math": ("arith",),
    "memref": ("memref",),
    "scf": ("control",),
    "vector": ("vector",),
}
"""Where the rules of each dialect stand; loaded when an op of it is met."""


@cache
def rules(dialect: str) -> dict[str, Callable[[Any], None]]:
    """The rules of a dialect by the name of the op."""
    found: dict[str, Callable[[Any], None]] = {}
    for subject in SUBJECTS.get(dialect, ()):
        found |= import_module(f"softnpu.dialects.rules.{subject}").RULES
    return found


@cache
def rule_of(name: str) -> Callable[[Any], None] | None:
    """The rule of one op."""
    return rules(name.partition(".")[0]).get(name)

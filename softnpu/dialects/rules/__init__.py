"""What a design must keep to beyond syntax: the checks of the dialects' verifiers.

One module a subject; each has `RULES`, a function by op name, which raises DesignError. The
rules are those of mlir-aie (AIEDialect.cpp, AIEXDialect.cpp, AIETraceOps.cpp), so that what
passes here passes there, told in the author's names; where one is stricter it says why.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

SUBJECTS = ("dma", "objectfifo", "sequence", "streams", "tiles", "trace")


@cache
def rules() -> dict[str, Callable[[Any], None]]:
    """The rule of each op that has one, by the op's name."""
    found: dict[str, Callable[[Any], None]] = {}
    for subject in SUBJECTS:
        found |= import_module(f"softnpu.dialects.rules.{subject}").RULES
    return found


@cache
def rule_of(name: str) -> Callable[[Any], None] | None:
    """The rule of one op."""
    return rules().get(name)

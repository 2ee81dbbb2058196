"""Rules of scratchpad parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xdsl.dialects.builtin import BFloat16Type, IntegerType

from softnpu.dialects.aie.symbols import lookup
from softnpu.dialects.aiex.scratchpad import ReadScratchpadParameterOp, ScratchpadParameterOp
from softnpu.dialects.rules.common import did_you_mean, parent_named, symbols_seen_from
from softnpu.dialects.source import design_error

WORD_BITS = 32


def check_read(op: ReadScratchpadParameterOp) -> None:
    """A core reads a parameter that there is, as what it is."""
    if parent_named(op, "aie.core") is None:
        raise design_error(op, f"'{op.name}' belongs into aie.core")
    found = lookup(op, op.parameter)
    if not isinstance(found, ScratchpadParameterOp):
        near = did_you_mean(op.parameter, symbols_seen_from(op))
        raise design_error(
            op,
            f"there is no scratchpad parameter '@{op.parameter}'{near}",
            f"declare it outside of all devices: aiex.scratchpad_parameter @{op.parameter} : "
            f"{op.type}",
        )
    small = isinstance(op.type, IntegerType) and op.type.width.data <= WORD_BITS
    if not small and not isinstance(op.type, BFloat16Type):
        raise design_error(
            op,
            f"a parameter of type {op.type} cannot reach a core",
            "it is shifted up by two bits on its way: take bf16, or an integer of at most 32 bits",
        )


RULES: dict[str, Callable[[Any], None]] = {
    "aiex.read_scratchpad_parameter": check_read,
}

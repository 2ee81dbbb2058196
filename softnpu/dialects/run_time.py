"""Values that only a run knows, where an instruction stream needs numbers: how an author is told.

An instruction stream that is made beforehand holds numbers; mlir-aie refuses others too
(AIETargetNPU.cpp, "non-constant ... to a static TXN binary").
"""

from __future__ import annotations

import re

from xdsl.ir import Block, BlockArgument, Operation, SSAValue

from softnpu.dialects.source import design_error, location_of
from softnpu.errors import DesignError

_OP_NAME = re.compile(r'"?([A-Za-z_]\w*(?:\.\w+)+)')


def unknown_number(op: Operation, name: str, value: SSAValue) -> DesignError:
    """The error at an op whose operand `name` is a value that only the run knows."""
    argument = argument_behind(value)
    cause = (
        f"{name} is known at run time only"
        if argument is None
        else f"{name} comes from argument {argument.index} of the runtime sequence, which is an "
        f"{argument.type} and known at run time only"
    )
    return design_error(
        op,
        f"'{written_name(op)}': {cause}; an instruction stream that is made beforehand needs a "
        "constant",
        "write a constant in its place (arith.constant), or let the host write the stream with "
        "the C++ function that npuforge compile --npu-cpp makes, or npuforge translate "
        "--aie-npu-to-cpp of npu_insts.mlir",
    )


def argument_behind(value: SSAValue) -> BlockArgument | None:
    """The argument of an outermost body that a value is made of; None if there is none."""
    pending, seen = [value], set[SSAValue]()
    while pending:
        current = pending.pop()
        if current in seen:
            continue
        seen.add(current)
        owner = current.owner
        if isinstance(owner, Operation):
            pending += owner.operands
        elif isinstance(current, BlockArgument) and _is_sequence(owner):
            return current
    return None


def _is_sequence(block: Block) -> bool:
    parent = block.parent_op()
    return parent is not None and parent.name == "aie.runtime_sequence"


def written_name(op: Operation) -> str:
    """The op's name as its author wrote it where it stands: a pass may have made another of it."""
    place = location_of(op)
    if place is None:
        return op.name
    try:
        line = place.file.read_text(encoding="utf-8").splitlines()[place.line - 1]
    except (OSError, UnicodeDecodeError, IndexError):
        return op.name
    found = _OP_NAME.match(line, place.column - 1)
    return found[1] if found else op.name

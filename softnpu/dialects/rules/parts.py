"""Whether an upstream op has what its definition lists, so that a rule can rely on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from xdsl.dialects.builtin import DenseArrayBase
from xdsl.ir import Operation, Region
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    OpDef,
    OptionalDef,
    OptPropertyDef,
    OptSingleBlockRegionDef,
    SingleBlockRegionDef,
    VariadicDef,
    VarSingleBlockRegionDef,
)

from softnpu.dialects.source import design_error

LEFT_OUT = {"memref.global": ("sym_visibility", "initial_value")}
"""Attributes that xDSL asks for, and MLIR does not."""

ONE_BLOCK = (SingleBlockRegionDef, OptSingleBlockRegionDef, VarSingleBlockRegionDef)


def check_parts(op: Operation) -> None:
    """Operands, results, regions, successors and attributes: as many as the op takes."""
    if not isinstance(op, IRDLOperation):
        return
    definition = op.get_irdl_definition()
    _check_number(op, "operand", definition.operands, len(op.operands))
    _check_number(op, "result", definition.results, len(op.results))
    _check_number(op, "region", definition.regions, len(op.regions))
    _check_number(
        op, "block to go to", definition.successors, len(op.successors), "blocks to go to"
    )
    for name, wanted in definition.properties.items():
        optional = isinstance(wanted, OptPropertyDef) or name in LEFT_OUT.get(op.name, ())
        if name not in op.properties and not optional:
            raise design_error(op, f"'{op.name}' needs the attribute '{name}'")
    _check_segments(op, definition)
    for region, (_, wanted) in _pairs(op.regions, definition):
        if isinstance(wanted, ONE_BLOCK) and len(region.blocks) != 1:
            raise design_error(
                op, f"a region of '{op.name}' has one block, this one {len(region.blocks)}"
            )


def _pairs(regions: Sequence[Region], definition: OpDef) -> Iterable[tuple[Region, Any]]:
    """The regions with their definitions; a variadic one, always the last, stands for the rest."""
    wanted = definition.regions
    return zip(regions, [*wanted, *wanted[-1:] * len(regions)], strict=False)


def _check_number(
    op: Operation, word: str, defined: Sequence[tuple[str, Any]], found: int, plural: str = ""
) -> None:
    optional = [isinstance(wanted, OptionalDef) for _, wanted in defined]
    any_number = [isinstance(wanted, VariadicDef) for _, wanted in defined]
    least = len(defined) - sum(any_number)
    most = None if any_number != optional else len(defined)
    if found >= least and (most is None or found <= most):
        return
    number = (
        str(least)
        if least == most
        else f"{least} or more"
        if most is None
        else f"{least} to {most}"
    )
    words = word if number == "1" else plural or f"{word}s"
    raise design_error(op, f"'{op.name}' has {number} {words}, found {found}")


def _check_segments(op: IRDLOperation, definition: OpDef) -> None:
    """Several variadic operands: the numbers that tell them apart add up."""
    for option in definition.options:
        if not isinstance(option, AttrSizedOperandSegments):
            continue
        stored = op.get_attr_or_prop(option.attribute_name)
        sizes = stored.get_values() if isinstance(stored, DenseArrayBase) else ()
        if len(sizes) != len(definition.operands) or sum(sizes) != len(op.operands):
            listed = ", ".join(name for name, _ in definition.operands)
            raise design_error(
                op,
                f"'{op.name}' needs {option.attribute_name}: how many of its {len(op.operands)} "
                f"operands are {listed}",
            )

"""A core's body as readable C: the names of the design, loops where the flow has loops.

What mlir-aie makes of the same body (aie-localize-locks, aie-standard-lowering and the
conversions to LLVM) is the measure: the same locks, calls, widths and order of memory accesses.
"""

from __future__ import annotations

from dataclasses import dataclass

from softnpu.dialects.aie import CoreOp, DeviceOp
from softnpu.dialects.source import location_of
from softnpu.errors import SourceLocation
from softnpu.targets.core_c import (
    core_file,
    ops_affine,
    ops_aie,
    ops_arith,
    ops_compare,
    ops_convert,
    ops_float,
    ops_math,
    ops_memref,
    ops_scf,
    ops_vector,
    ops_vector_memory,
    ops_vector_reduce,
)
from softnpu.targets.core_c.function import STATEMENTS, VALUES
from softnpu.targets.core_c.unit import ExternalCall, Unit

__all__ = ["CoreSource", "ExternalCall", "core_source", "supported_ops"]

SUBJECTS = (
    ops_affine,
    ops_aie,
    ops_arith,
    ops_compare,
    ops_convert,
    ops_float,
    ops_math,
    ops_memref,
    ops_scf,
    ops_vector,
    ops_vector_memory,
    ops_vector_reduce,
)
"""The modules that say what ops are in C."""


CONTROL = (
    "aie.end",
    "affine.yield",
    "cf.br",
    "cf.cond_br",
    "cf.switch",
    "func.return",
    "scf.condition",
    "scf.yield",
)
"""Ops that end blocks, which the writing of control flow takes in."""


@dataclass(frozen=True)
class CoreSource:
    """The C of one core.

    Attributes:
        function: the C function that the core runs.
        text: the file.
        calls: the functions that it calls and objects must define.
        origins: for each line of the file, where in the design the op stands that it is for.
    """

    function: str
    text: str
    calls: tuple[ExternalCall, ...]
    origins: tuple[SourceLocation | None, ...]


def core_source(device_op: DeviceOp, core: CoreOp) -> CoreSource:
    """The C of a core's body, after (or before) control flow has been lowered to branches.

    Raises:
        DesignError: an op, a type or a use of it that has no C here, by name and place.
    """
    unit = Unit(device_op, core)
    location = location_of(core)
    origin = location.file.name if location else "a design"
    rows = core_file.render(unit, origin)
    text = "".join(f"{line}\n" for line, _ in rows)
    origins = tuple(place for _, place in rows)
    return CoreSource(unit.core_function, text, tuple(unit.calls.values()), origins)


def supported_ops() -> tuple[str, ...]:
    """The names of all ops that a core's body can hold."""
    return tuple(sorted({*VALUES, *STATEMENTS, *CONTROL}))

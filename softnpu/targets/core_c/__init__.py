"""A core's body as readable C: the names of the design, loops where the flow has loops.

What mlir-aie makes of the same body (aie-localize-locks, aie-standard-lowering and the
conversions to LLVM) is the measure: the same locks, calls, widths and order of memory accesses.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from softnpu.dialects.aie import CoreOp, DeviceOp
from softnpu.dialects.source import location_of
from softnpu.targets.core_c.unit import ExternalCall, Unit

__all__ = ["CoreSource", "ExternalCall", "core_source"]

for _subject in (
    "aie",
    "affine",
    "arith",
    "compare",
    "convert",
    "float",
    "math",
    "memref",
    "scf",
    "vector",
):
    import_module(f"softnpu.targets.core_c.ops_{_subject}")


@dataclass(frozen=True)
class CoreSource:
    """The C of one core.

    Attributes:
        function: the C function that the core runs.
        text: the file.
        calls: the functions that it calls and objects must define.
    """

    function: str
    text: str
    calls: tuple[ExternalCall, ...]


def core_source(device_op: DeviceOp, core: CoreOp) -> CoreSource:
    """The C of a core's body, after (or before) control flow has been lowered to branches.

    Raises:
        DesignError: an op, a type or a use of it that has no C here, by name and place.
    """
    unit = Unit(device_op, core)
    location = location_of(core)
    origin = location.file.name if location else "a design"
    text = unit.render(origin)
    return CoreSource(unit.core_function, text, tuple(unit.calls.values()))

"""The functions that a core is in, and what they are called."""

from __future__ import annotations

from softnpu.arch.standin import STANDIN_ISA
from softnpu.emulator.cores.core import Core
from softnpu.emulator.naming.source_lines import SourceLines
from softnpu.emulator.unwinding.frames import Frame, described, frames
from softnpu.emulator.unwinding.prologues import read_off

_FLOATS = 32
"""DWARF's number of f0 (RISC-V ELF psABI)."""
_TOLD = 8
"""Functions that are told of one place."""


def calls(core: Core, source: SourceLines, pc: int | None = None) -> list[Frame]:
    """The functions that a core is in, innermost first; empty before it has begun.

    The stand-in runtime's own are left out, innermost and outermost, unless there are no others.

    Args:
        source: of its program.
        pc: where it is, if it is not `core.here`.
    """
    machine = core.processor
    if machine is None:
        return []
    registers = machine.register_file()
    at = core.here if pc is None else pc
    isa, generation = core.isa
    if isa == STANDIN_ISA:
        known = {n: registers[f"x{n}"] for n in range(32)}
        known |= {_FLOATS + n: registers[f"f{n}"] for n in range(32)}
        found = frames(source, described(source, known, at, core.read))
    else:
        stack = registers["sp"], registers["lr"]
        found = frames(source, read_off(generation, source, core.read, stack, at, core.read))
    return [one for one in found if one.function and not _is_runtimes(one)] or found


def _is_runtimes(frame: Frame) -> bool:
    return frame.line is not None and frame.line.runtime


def told(source: SourceLines, frame: Frame) -> str:
    """A frame, e.g. "scale (scale.c:7)"; without a line, the function alone, or the address."""
    place = source.told(frame.line)
    if not frame.function:
        return place or f"pc {frame.pc:#x}"
    return f"{frame.function} ({place})" if place else frame.function


def chain(source: SourceLines, found: list[Frame]) -> str:
    """E.g. "twice (scale.c:3), called from scale (scale.c:7), called from core_0_2"."""
    names = [told(source, frame) for frame in found[:_TOLD]]
    rest = len(found) - len(names)
    return ", called from ".join([*names, *([f"{rest} others"] if rest > 0 else [])])

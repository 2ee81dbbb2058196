"""Checks of what goes into a core's link and of what comes out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from softnpu.arch.standin import ELF_MACHINE_AIE, ELF_MACHINE_RISCV, STACK_BASE
from softnpu.errors import DesignError, SourceLocation, ToolError
from softnpu.targets.linking.elf import TYPE_EXECUTABLE, Elf, is_archive
from softnpu.targets.linking.layout import (
    DATA_MEMORY,
    PROGRAM_MEMORY,
    CoreLayout,
    code_table,
    data_end,
    data_table,
    remedies,
)
from softnpu.targets.linking.stack import StackNeed, check_stack


@dataclass(frozen=True)
class Machine:
    """What executes a core's program: its ELF number, its name, and whose cores those are."""

    number: int
    name: str
    cores: str


STANDIN = Machine(ELF_MACHINE_RISCV, "RV32", "stand-in core")
AIE = Machine(ELF_MACHINE_AIE, "AIE", "core of the NPU")


def check_object(path: Path, machine: Machine) -> None:
    """ToolError unless `path` is an object for `machine`, or an archive."""
    if not path.is_file():
        raise ToolError(f"{path}: no such object file")
    if is_archive(path):
        return
    found = Elf(path).machine
    if found == machine.number:
        return
    if found == ELF_MACHINE_AIE:
        raise ToolError(
            f"{path} holds AIE code (e_machine {found}); a {machine.cores} links {machine.name} "
            f"objects (e_machine {machine.number}): give the kernel's source instead, or build "
            "with AMD's tools"
        )
    if found == ELF_MACHINE_RISCV:
        raise ToolError(
            f"{path} holds code for a stand-in core (e_machine {found}); a {machine.cores} links "
            f"{machine.name} objects (e_machine {machine.number}): build it with Peano"
        )
    raise ToolError(f"{path} is for another machine (e_machine {found}, expected {machine.number})")


def check_program(
    elf: Elf,
    machine: Machine,
    layout: CoreLayout,
    need: Callable[[], StackNeed],
    location: SourceLocation | None = None,
) -> None:
    """Check a linked core: kind, start, place of every segment, room for code, data and stack.

    Args:
        need: works out the stack need; asked last.

    Raises:
        DesignError: code, data or stack too large, or a stack without a bound.
        ToolError: another kind of ELF, or something where no core can have it.
    """
    if (elf.type, elf.machine, elf.entry) != (TYPE_EXECUTABLE, machine.number, 0):
        raise ToolError(
            f"{elf.path}: expected an {machine.name} executable that starts at 0, found type "
            f"{elf.type}, machine {elf.machine}, start {elf.entry:#x}"
        )
    code = max((s.address + s.size for s in elf.segments if s.address < STACK_BASE), default=0)
    if PROGRAM_MEMORY < code < STACK_BASE:
        raise DesignError(
            f"{layout.name}: the program takes {code:,} bytes of the {PROGRAM_MEMORY:,} bytes "
            "of program memory",
            location,
            ("the largest functions:", *code_table(elf)),
        )
    _check_segments(elf, layout)
    start, room = layout.gap
    data = max(0, data_end(elf) - STACK_BASE - start)
    if data > room:
        raise DesignError(
            f"{layout.name}: the code's own data take {data:,} bytes, and stack and buffers leave "
            f"{room:,} in a row of the {DATA_MEMORY:,} bytes of data memory",
            location,
            (*data_table(layout, elf), *remedies(layout, data - room)),
        )
    _check_constructors(elf)
    check_stack(need(), layout, location)


def _check_segments(elf: Elf, layout: CoreLayout) -> None:
    data_start = STACK_BASE + layout.gap[0]
    for segment in elf.segments:
        if segment.address < PROGRAM_MEMORY or segment.address >= data_start:
            continue
        raise ToolError(
            f"{elf.path}: a segment at {segment.address:#x} ({segment.size:,} bytes) lies "
            f"neither in program memory nor in the gap that the design of {layout.name} leaves "
            f"(from {data_start:#x})"
        )


def _check_constructors(elf: Elf) -> None:
    for name in (".init_array", ".ctors"):
        section = elf.section(name)
        if section is not None and section.size:
            raise ToolError(
                f"{elf.path}: a static C++ object needs a constructor, which no core runs; "
                "make it constexpr, or a local variable"
            )

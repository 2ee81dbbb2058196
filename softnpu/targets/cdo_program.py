"""Loading a core's program: the segments of its ELF as writes to program and data memory.

Source: aie-rt, xaie_elfloader.c. Segments go to their physical addresses: below the size of the
program memory into the core's program, otherwise into the data memory that the core sees there,
its own or a neighbour's. Where a segment has both data and .bss, aie-rt reads on in the file for
the .bss; here it is the zeros that an ELF promises.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from softnpu.arch.address import tile_address
from softnpu.arch.device import OWN_WINDOW, SOUTH_WINDOW, WINDOW_SIZE, Device, TileKind
from softnpu.arch.ports import Bundle
from softnpu.arch.standin import ELF_MACHINE_AIE, ELF_MACHINE_RISCV
from softnpu.errors import FormatError
from softnpu.formats.operations import BlockWrite, Operation
from softnpu.targets.cdo_memory import WORD, data_memory_write

MACHINES = {ELF_MACHINE_AIE: "AIE", ELF_MACHINE_RISCV: "RISC-V"}
"""Machines whose code can be a core's program: the array's own, and the stand-in's."""

_ELF_MAGIC = b"\x7fELF"
_CLASS_32, _LITTLE_ENDIAN = 1, 1
_EXECUTABLE = 2
_TYPE_NAMES = {
    1: "a relocatable object (.o): link it first",
    3: "a shared object",
    4: "a core dump",
}
_PT_LOAD = 1
_HEADER = struct.Struct("<16sHHIIIIIHHHHHH")
_PROGRAM_HEADER = struct.Struct("<8I")

_WINDOW_BUNDLES = (Bundle.South, Bundle.West, Bundle.North, Bundle.East)
"""The neighbours whose memories a core sees, in the order of their windows."""


@dataclass(frozen=True)
class Segment:
    """One loadable segment: what memory holds at `address`, .bss zeros included.

    Attributes:
        rounding: up to three bytes that follow in the file. aie-rt writes whole words into
            program memory and takes them along, so they are part of the artifact.
    """

    address: int
    data: bytes
    rounding: bytes


@dataclass(frozen=True)
class CoreElf:
    """A linked core program: its machine number and what of it is loaded."""

    machine: int
    segments: tuple[Segment, ...]


def read_elf(path: Path) -> CoreElf:
    """Read a core's ELF.

    Raises:
        FormatError: no such file, no 32-bit little-endian executable, a machine that is neither
            the AIE nor the stand-in, or a segment that the file does not hold.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FormatError(f"cannot read the core program {path}: {error.strerror}") from error
    try:
        return parse_elf(data)
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from None


def parse_elf(data: bytes) -> CoreElf:
    """As `read_elf`, from bytes."""
    if data[:4] != _ELF_MAGIC:
        raise FormatError(f"expected an ELF, found the bytes {data[:4].hex()} at offset 0")
    if len(data) < _HEADER.size or data[4] != _CLASS_32 or data[5] != _LITTLE_ENDIAN:
        raise FormatError("expected a 32-bit little-endian ELF (offset 4)")
    _, kind, machine, _, _, offset, _, _, _, size, count, *_ = _HEADER.unpack_from(data)
    if kind != _EXECUTABLE:
        found = _TYPE_NAMES.get(kind, f"type {kind}")
        raise FormatError(f"expected a linked executable (offset 16), found {found}")
    if machine not in MACHINES:
        known = ", ".join(f"{name} ({number})" for number, name in MACHINES.items())
        raise FormatError(f"machine {machine} at offset 18 is none of {known}")
    return CoreElf(machine, tuple(_segments(data, offset, size, count)))


def _segments(data: bytes, offset: int, size: int, count: int) -> Iterator[Segment]:
    for index in range(count):
        start = offset + index * size
        if start + _PROGRAM_HEADER.size > len(data):
            raise FormatError(f"program header {index} at offset {start} is past the end")
        kind, where, _, address, in_file, in_memory, *_ = _PROGRAM_HEADER.unpack_from(data, start)
        if kind != _PT_LOAD:
            continue
        if where + in_file > len(data):
            raise FormatError(f"segment {index} at offset {where} is past the end of the file")
        content = data[where : where + in_file][:in_memory].ljust(in_memory, b"\0")
        spare = -in_memory % WORD
        behind = data[where + in_memory : where + in_memory + spare].ljust(spare, b"\0")
        yield Segment(address, content, behind)


def load_program(device: Device, col: int, row: int, elf: CoreElf) -> Iterator[Operation]:
    """Operations that load `elf` into core (`col`, `row`).

    Raises:
        FormatError: a segment outside program and data memory.
    """
    facts = device.facts(TileKind.CORE)
    for segment in elf.segments:
        if segment.address < facts.program_memory:
            yield _program_write(device, col, row, segment)
        else:
            yield from _data_writes(device, col, row, segment)


def _program_write(device: Device, col: int, row: int, segment: Segment) -> BlockWrite:
    facts = device.facts(TileKind.CORE)
    end = segment.address + len(segment.data)
    if end > facts.program_memory:
        raise FormatError(
            f"the program of core ({col}, {row}) ends at {end:#x}, "
            f"past its {facts.program_memory:#x} bytes of program memory"
        )
    address = tile_address(col, row, facts.program_base + segment.address)
    return BlockWrite(address, segment.data + segment.rounding)


def _data_writes(device: Device, col: int, row: int, segment: Segment) -> Iterator[Operation]:
    """A segment in data memory, split where it leaves one tile's window for the next."""
    position = 0
    while position < len(segment.data):
        address = segment.address + position
        target = _owner(device, col, row, address)
        offset = address % WINDOW_SIZE
        part = segment.data[position : position + WINDOW_SIZE - offset]
        yield from data_memory_write(*target, offset, part)
        position += len(part)


def _owner(device: Device, col: int, row: int, address: int) -> tuple[int, int]:
    """The tile whose memory core (`col`, `row`) sees at `address`."""
    if SOUTH_WINDOW <= address < OWN_WINDOW + WINDOW_SIZE:
        bundle = _WINDOW_BUNDLES[(address - SOUTH_WINDOW) // WINDOW_SIZE]
        owner = device.neighbour(col, row, bundle)
        if owner is not None and device.is_core_tile(*owner):
            return owner
    raise FormatError(f"core ({col}, {row}) has no memory at {address:#x}, where a segment lies")

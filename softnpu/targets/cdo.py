"""From a placed and routed device to the register operations that set up the array.

What `aie-translate --aie-generate-cdo` does: three files, run one after the other when the array
is configured: the cores' programs, the initial state of everything else, and the cores' start.

Sources: mlir-aie, AIETargetCDODirect.cpp and AIERT.cpp; aie-rt, xaie_core.c, xaie_locks_aieml.c
and xaie_dma.c for the registers.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, IntegerType

from softnpu.arch.address import tile_address
from softnpu.arch.device import Device, TileKind, device
from softnpu.arch.dma import Direction
from softnpu.arch.tiles import LOCK_MAXIMUM
from softnpu.dialects.aie import BufferOp, CoreOp, DeviceOp, LockOp, TileOp
from softnpu.dialects.rules.common import title
from softnpu.dialects.sizes import element_bytes, memref_bytes
from softnpu.dialects.source import design_error, design_warning
from softnpu.dialects.walking import ops_of
from softnpu.errors import FormatError
from softnpu.formats import operations as ops
from softnpu.formats.cdo import build, from_operations
from softnpu.targets.cdo_dma import program_steps, programs
from softnpu.targets.cdo_memory import WORD, data_memory_write
from softnpu.targets.cdo_program import load_program, read_elf
from softnpu.targets.cdo_streams import switch_steps
from softnpu.targets.steps import Step, steps_for

CORE_CONTROL_REGISTER = 0x32000
CORE_ENABLE = 1 << 0
CORE_RESET = 1 << 1
CHANNEL_RESET = 1 << 1

STORED_WIDTHS = (8, 16, 32, 64)
"""Widths of integers that lie in memory as they are."""

_log = logging.getLogger(__name__)

_RESET_ORDER = (Direction.MM2S, Direction.S2MM)
"""aie-rt resets all MM2S channels, then all S2MM channels."""

PARTS = ("elfs", "init", "enable")
"""The three files, in the order in which the array takes them."""


@dataclass(frozen=True)
class Configuration:
    """The register operations of the three CDO files.

    Attributes:
        loading: the cores' programs, loaded while core and DMA are held in reset.
        initial: locks, initial data, DMA programs, stream switches.
        starting: the cores' start.
    """

    loading: tuple[Step, ...]
    initial: tuple[Step, ...]
    starting: tuple[Step, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """All of it, in order."""
        return (*self.loading, *self.initial, *self.starting)

    @property
    def elfs(self) -> tuple[ops.Operation, ...]:
        """What the file of the cores' programs holds."""
        return _operations(self.loading)

    @property
    def init(self) -> tuple[ops.Operation, ...]:
        """What the file of the initial state holds."""
        return _operations(self.initial)

    @property
    def enable(self) -> tuple[ops.Operation, ...]:
        """What the file of the cores' start holds."""
        return _operations(self.starting)

    def files(self, device_name: str) -> dict[str, bytes]:
        """The CDO files by name, e.g. `main_aie_cdo_init.bin`."""
        return {
            file_name(device_name, part): build(from_operations(getattr(self, part)))
            for part in PARTS
        }


def _operations(steps: Iterable[Step]) -> tuple[ops.Operation, ...]:
    return tuple(step.operation for step in steps)


def file_name(device_name: str, part: str) -> str:
    """What aiecc calls one of the three files of a device."""
    return f"{device_name}_aie_cdo_{part}.bin"


def configuration(device_op: DeviceOp, elf_dir: Path, *, overlay: bool = True) -> Configuration:
    """How to set up the array for a device whose resources are assigned and flows are routed.

    `elf_file` of a core is taken from `elf_dir` unless it is an absolute path. A core without
    one gets no program, but is reset and started all the same, as mlir-aie does.

    Args:
        overlay: as for `cdo_streams.switch_steps`.

    Raises:
        DesignError: an ELF that is missing or no core program, or a design that asks for what
            the array cannot do.
    """
    target = device(device_op.device.name)
    return Configuration(
        loading=tuple(steps_for(None, load_operations(device_op, target, elf_dir))),
        initial=tuple(initial_steps(device_op, target, overlay=overlay)),
        starting=tuple(starting_steps(device_op)),
    )


def load_operations(device_op: DeviceOp, target: Device, elf_dir: Path) -> Iterator[ops.Operation]:
    """The cores' programs."""
    for tile, core in _cores(device_op):
        if core.elf_file is None:
            continue
        col, row = tile.position
        yield _core_control(tile, CORE_ENABLE, 0)
        yield from _channel_resets(target, tile, CHANNEL_RESET)
        try:
            yield from load_program(target, col, row, read_elf(elf_dir / core.elf_file))
        except FormatError as error:
            raise design_error(core, str(error)) from error
        yield from _channel_resets(target, tile, 0)


def initial_steps(device_op: DeviceOp, target: Device, *, overlay: bool = True) -> Iterator[Step]:
    """The state that everything but the programs starts from."""
    for tile, _ in _cores(device_op):
        yield from steps_for(tile, _reset_core(target, tile))
    inside = ops_of(device_op, LockOp, BufferOp)
    for lock in (op for op in inside if isinstance(op, LockOp)):
        if lock.lock_id is not None and lock.init is not None:
            yield Step(_lock_value(target, lock, lock.lock_id, lock.init), lock)
    for buffer in (op for op in inside if isinstance(op, BufferOp)):
        if buffer.initial_value is not None:
            yield from steps_for(buffer, _initial_data(target, buffer))
    for program in programs(device_op.body):
        yield from program_steps(program, target)
    yield from switch_steps(device_op, target, overlay=overlay)


def starting_steps(device_op: DeviceOp) -> Iterator[Step]:
    """The cores' start."""
    for tile, core in _cores(device_op):
        yield Step(_core_control(tile, CORE_ENABLE, CORE_ENABLE), core)


def _cores(device_op: DeviceOp) -> Iterator[tuple[TileOp, CoreOp]]:
    """The tiles that have a core program, in the order of the `aie.tile` ops."""
    for tile in (op for op in device_op.body.ops if isinstance(op, TileOp)):
        if (core := tile.core_op) is not None:
            yield tile, core


def _core_control(tile: TileOp, mask: int, value: int) -> ops.Operation:
    return ops.MaskWrite(tile_address(*tile.position, CORE_CONTROL_REGISTER), mask, value)


def _channel_resets(target: Device, tile: TileOp, value: int) -> Iterator[ops.Operation]:
    engine = target.dma(*tile.position)
    for direction in _RESET_ORDER:
        for channel in range(engine.channels):
            register = engine.control_address(direction, channel)
            yield ops.MaskWrite(tile_address(*tile.position, register), CHANNEL_RESET, value)


def _reset_core(target: Device, tile: TileOp) -> Iterator[ops.Operation]:
    """Reset, out of reset, all locks 0."""
    yield _core_control(tile, CORE_RESET, CORE_RESET)
    yield _core_control(tile, CORE_RESET, 0)
    facts = target.facts(TileKind.CORE)
    for lock in range(facts.locks):
        yield ops.Write(tile_address(*tile.position, facts.lock_address(lock)), 0)


def _lock_value(target: Device, lock: LockOp, number: int, value: int) -> ops.Operation:
    facts = target.facts_at(*lock.position)
    if number >= facts.locks:
        raise design_error(
            lock, f"lock {number}: a {facts.kind.value} tile has locks 0 to {facts.locks - 1}"
        )
    if not 0 <= value <= LOCK_MAXIMUM:
        raise design_error(
            lock, f"{title(lock)} starts with {value}; a lock counts from 0 to {LOCK_MAXIMUM}"
        )
    return ops.Write(tile_address(*lock.position, facts.lock_address(number)), value)


def _initial_data(target: Device, buffer: BufferOp) -> Iterator[ops.Operation]:
    if buffer.address is None:
        raise design_error(
            buffer, "the buffer has no address yet", "run aie-assign-buffer-addresses"
        )
    data = initial_bytes(buffer)
    facts = target.facts_at(*buffer.position)
    if buffer.address + len(data) > facts.data_memory:
        raise design_error(
            buffer,
            f"the buffer ends at byte {buffer.address + len(data):#x} "
            f"of a {facts.kind.value} tile with {facts.data_memory:#x} bytes of data memory",
        )
    if buffer.address % WORD:
        _log.warning(_misplaced(buffer))
    yield from data_memory_write(*buffer.position, buffer.address, data)


def _misplaced(buffer: BufferOp) -> str:
    """What to tell of initial values that AMD's tools would put elsewhere."""
    assert buffer.address is not None
    start = buffer.address + -buffer.address % WORD
    return design_warning(
        buffer,
        f"buffer '{buffer.sym_name}' starts at byte {buffer.address}, no multiple of {WORD}: "
        f"AMD's tools (aie-rt, XAie_DataMemBlockWrite) write its initial values from byte {start} "
        "on, softnpu where they belong",
        f"give the buffer an address that is a multiple of {WORD}, or make the sizes of the "
        "buffers before it such",
    )


def initial_bytes(buffer: BufferOp) -> bytes:
    """What a buffer's memory starts with, little-endian; DesignError if that cannot be told."""
    value = buffer.initial_value
    if not isinstance(value, DenseIntOrFPElementsAttr):
        raise design_error(
            buffer, f"an initial value must be written dense<...>, found {type(value).__name__}"
        )
    data = _element_data(value)
    size = memref_bytes(buffer.buffer_type)
    if len(data) != size:
        raise design_error(buffer, f"the initial value has {len(data)} bytes, the buffer {size}")
    return data


def _element_data(value: DenseIntOrFPElementsAttr) -> bytes:
    """The elements' bytes; of a width that is none of C's, each in as few bytes as hold it.

    Bits beyond the width are 0 (mlir-aie takes LLVM's APInt as it lies in memory).
    """
    data: bytes = value.data.data
    type = value.get_element_type()
    if not isinstance(type, IntegerType) or type.width.data in STORED_WIDTHS:
        return data
    mask = (1 << type.width.data) - 1
    size = element_bytes(type)
    numbers = cast("Sequence[int]", value.get_values())
    return b"".join((number & mask).to_bytes(size, "little") for number in numbers)

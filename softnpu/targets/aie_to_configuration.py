"""A device's configuration as a runtime sequence: reconfigure without loading an image.

`convert-aie-to-transaction` writes the register operations of a CDO into a sequence,
`convert-aie-to-control-packets` the packets that write the same, and `aie-expand-load-pdi` puts
them in the place of a load, after that of an empty image, which resets the array
(mlir-aie, AIEToConfiguration.cpp and AIEExpandLoadPdi.cpp).

These are passes, but they need what `targets.cdo` makes, and so they stand here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.memref import GetGlobalOp
from xdsl.ir import Block, Operation, Region
from xdsl.passes import ModulePass

from softnpu.dialects.aie import DeviceOp, EndOp, RuntimeSequenceOp
from softnpu.dialects.aiex import (
    ConfigureOp,
    NpuBlockWriteOp,
    NpuControlPacketOp,
    NpuLoadPdiOp,
    NpuMaskWrite32Op,
    NpuWrite32Op,
)
from softnpu.dialects.source import design_error
from softnpu.dialects.symbols import symbol_name
from softnpu.errors import DesignError
from softnpu.formats import operations as ops
from softnpu.formats.records import words
from softnpu.passes.block_data import constant_global
from softnpu.passes.sequence_ops import devices, replace
from softnpu.passes.txn_to_control_packet import MAXIMUM_WORDS, WORD_BYTES, WRITE, signed_words
from softnpu.targets.cdo import configuration

DATA_PREFIX = "config_blockwrite_data_"
SEQUENCE = "configure"
EMPTY_DEVICES = 2
"""Two empty images take turns: the firmware does not load one twice in a row."""


@dataclass(frozen=True)
class ConvertAIEToTransactionPass(ModulePass):
    """Add a sequence of register writes that configures the device.

    Attributes:
        elf_dir: where the cores' programs lie.
        device_name: the device to convert, "" for all.
    """

    name = "convert-aie-to-transaction"
    elf_dir: str = ""
    device_name: str = ""

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            if self.device_name in ("", device.sym_name):
                steps = _configuration(device, Path(self.elf_dir))
                _insert(device, _writes(device, steps, DATA_PREFIX))


@dataclass(frozen=True)
class ConvertAIEToControlPacketsPass(ModulePass):
    """Add a sequence of control packets that configures the device.

    Attributes:
        elf_dir: where the cores' programs lie.
        device_name: the device to convert, "" for all.
    """

    name = "convert-aie-to-control-packets"
    elf_dir: str = ""
    device_name: str = ""

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            if self.device_name in ("", device.sym_name):
                steps = _configuration(device, Path(self.elf_dir))
                packets = [packet for step in steps for packet in _packets(device, step)]
                _insert(device, _merge_writes(packets))


@dataclass(frozen=True)
class ExpandLoadPdiPass(ModulePass):
    """Replace loads of a device's image by a reset and the writes that configure it.

    Attributes:
        elf_dir: where the cores' programs lie.
    """

    name = "aie-expand-load-pdi"
    elf_dir: str = ""

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        loads = [load for load in op.walk() if isinstance(load, NpuLoadPdiOp)]
        expanded = 0
        for index, load in enumerate(loads):
            if load.device_ref is not None:
                self._expand(op, load, load.device_ref, index, expanded)
                expanded += 1

    def _expand(
        self, module: ModuleOp, load: NpuLoadPdiOp, name: str, index: int, expanded: int
    ) -> None:
        target = _device(module, name)
        if target is None:
            raise design_error(load, f"there is no device '@{name}'")
        empty = f"empty_{index % EMPTY_DEVICES}"
        if _device(module, empty) is None:
            _add_empty_device(module, target, empty)
        reset = NpuLoadPdiOp(
            device_ref=empty,
            id=load.id,
            size=load.size,
            address=load.address,
            location=load.location,
        )
        steps = _configuration(target, Path(self.elf_dir))
        around = _device_around(load)
        replace(load, [reset, *_writes(around, steps, f"loadpdi_{expanded}")])


def _configuration(device: DeviceOp, elf_dir: Path) -> list[ops.Operation]:
    """Everything that sets up the array for a device, in order."""
    parts = configuration(device, elf_dir)
    return [*parts.elfs, *parts.init, *parts.enable]


def _writes(device: DeviceOp, steps: Sequence[ops.Operation], prefix: str) -> list[Operation]:
    """The steps as ops of a sequence; the data of block writes becomes globals of the device."""
    names = {symbol_name(op) for op in device.body.ops}
    numbers = count()
    place = device.body.first_op
    written: list[Operation] = []
    for step in steps:
        match step:
            case ops.Write(address, value):
                written.append(NpuWrite32Op(address=address, value=value))
            case ops.MaskWrite(address, mask, value):
                written.append(NpuMaskWrite32Op(address=address, value=value, mask=mask))
            case ops.BlockWrite(address, data):
                name = next(n for n in (f"{prefix}{i}" for i in numbers) if n not in names)
                constant = constant_global(name, words(data))
                _insert_first(device.body, constant, place)
                get = GetGlobalOp(name, constant.type)
                written += [get, NpuBlockWriteOp(address=address, data=get.memref)]
            case _:
                raise _not_writable(device, step)
    return written


def _packets(device: DeviceOp, step: ops.Operation) -> Iterator[NpuControlPacketOp]:
    """One step as control packets; a masked write sends its value."""
    match step:
        case ops.Write(address, value) | ops.MaskWrite(address, _, value):
            yield _packet(address, (value,))
        case ops.BlockWrite(address, data):
            block = words(data)
            for start in range(0, len(block), MAXIMUM_WORDS):
                yield _packet(address + WORD_BYTES * start, block[start : start + MAXIMUM_WORDS])
        case _:
            raise _not_writable(device, step)


def _packet(address: int, data: tuple[int, ...]) -> NpuControlPacketOp:
    return NpuControlPacketOp(address=address, opcode=WRITE, stream_id=0, data=signed_words(data))


def _merge_writes(packets: Sequence[NpuControlPacketOp]) -> list[Operation]:
    """Join writes that follow one another to one address by "or": packets know no masks."""
    merged: list[NpuControlPacketOp] = []
    for packet in packets:
        if merged and merged[-1].address == packet.address:
            merged[-1].data = _or(merged[-1].data or (), packet.data or ())
        else:
            merged.append(packet)
    return list(merged)


def _or(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...]:
    longer = max(len(first), len(second))
    pad = (0,) * longer
    pairs = zip((first + pad)[:longer], (second + pad)[:longer], strict=True)
    return tuple(a | b for a, b in pairs)


def _insert(device: DeviceOp, steps: list[Operation]) -> None:
    """Put the steps in the place of the first `aiex.configure`, else into a new sequence."""
    configure = next((op for op in device.walk() if isinstance(op, ConfigureOp)), None)
    if configure is not None:
        block = configure.body.blocks[0]
        inner = [block.detach_op(op) for op in list(block.ops)]
        replace(configure, [*steps, *inner])
        return
    names = {symbol_name(op) for op in device.body.ops}
    candidates = (SEQUENCE, *(f"{SEQUENCE}{number}" for number in range(len(names))))
    name = next(candidate for candidate in candidates if candidate not in names)
    sequence = RuntimeSequenceOp(sym_name=name, body=Region(Block(steps)))
    first = next((op for op in device.body.ops if not _is_data(op)), None)
    _insert_first(device.body, sequence, first)


def _is_data(op: Operation) -> bool:
    return (symbol_name(op) or "").startswith(DATA_PREFIX)


def _insert_first(block: Block, op: Operation, place: Operation | None) -> None:
    if place is None:
        block.add_op(op)
    else:
        block.insert_op_before(op, place)


def _not_writable(device: DeviceOp, step: ops.Operation) -> DesignError:
    return design_error(
        device, f"a runtime sequence cannot do '{type(step).__name__}' of this configuration"
    )


def _device(module: ModuleOp, name: str) -> DeviceOp | None:
    return next((device for device in devices(module) if device.sym_name == name), None)


def _device_around(op: Operation) -> DeviceOp:
    around = op.parent_op()
    while around is not None and not isinstance(around, DeviceOp):
        around = around.parent_op()
    assert around is not None
    return around


def _add_empty_device(module: ModuleOp, like: DeviceOp, name: str) -> None:
    empty = DeviceOp(device=like.device, sym_name=name, body_region=Region(Block([EndOp()])))
    _insert_first(module.body.block, empty, module.body.block.first_op)

"""A device's configuration as a runtime sequence: reconfigure without loading an image.

`convert-aie-to-transaction` writes the register operations of a CDO into a sequence,
`convert-aie-to-control-packets` the packets that write the same, and `aie-expand-load-pdi` puts
them in the place of a load, after that of an empty image, which resets the array, or of one that
lets control packets in (mlir-aie, AIEToConfiguration.cpp and AIEExpandLoadPdi.cpp).

These are passes, but they need what `targets.cdo` makes, and so they stand here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from xdsl.context import Context
from xdsl.dialects.builtin import LocationAttr, ModuleOp, UnknownLoc
from xdsl.dialects.memref import GetGlobalOp, GlobalOp
from xdsl.ir import Block, Operation, Region
from xdsl.passes import ModulePass

from softnpu.dialects.aie import DeviceOp, EndOp, RuntimeSequenceOp
from softnpu.dialects.aie.symbols import symbol_name
from softnpu.dialects.aiex import (
    ConfigureOp,
    NpuBlockWriteOp,
    NpuControlPacketOp,
    NpuLoadPdiOp,
    NpuMaskWrite32Op,
    NpuWrite32Op,
)
from softnpu.dialects.enums import ExpandMode
from softnpu.dialects.locations import written_of
from softnpu.dialects.scalars import with_constants
from softnpu.dialects.source import design_error
from softnpu.dialects.walking import all_ops
from softnpu.errors import DesignError
from softnpu.formats import operations as ops
from softnpu.formats.records import words
from softnpu.passes.block_data import constant_global
from softnpu.passes.generate_column_control_overlay import OVERLAY
from softnpu.passes.sequence_ops import devices, replace
from softnpu.passes.txn_to_control_packet import MAXIMUM_WORDS, WORD_BYTES, WRITE, signed_words
from softnpu.targets.cdo import configuration
from softnpu.targets.steps import Step

DATA_PREFIX = "config_blockwrite_data_"
SEQUENCE = "configure"
EMPTY_DEVICE = "empty_{}"
OVERLAY_COPY = f"{OVERLAY}_copy"
TURNS = 2
"""Two images take turns before the loads: the firmware does not load one twice in a row."""


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
                _insert(device, _packets(device, steps, DATA_PREFIX))


@dataclass(frozen=True)
class ExpandLoadPdiPass(ModulePass):
    """Replace loads of a device's image by a reset and what configures it.

    A load with `expand_mode` is replaced as that says; `none` keeps it.

    Attributes:
        ctrl_pkt: by the image of `@ctrl_pkt_overlay` and control packets, instead of an empty
            image and register writes.
        elf_dir: where the cores' programs lie.
    """

    name = "aie-expand-load-pdi"
    ctrl_pkt: bool = False
    elf_dir: str = ""

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        usual = ExpandMode.ctrlpkt if self.ctrl_pkt else ExpandMode.write32
        loads = [load for load in all_ops(op) if isinstance(load, NpuLoadPdiOp)]
        expanded = count()
        for turn, load in enumerate(loads):
            mode = usual if load.expand_mode is None else load.expand_mode
            if load.device_ref is not None and mode is not ExpandMode.none:
                self._expand(op, load, mode, turn % TURNS, next(expanded))

    def _expand(
        self, module: ModuleOp, load: NpuLoadPdiOp, mode: ExpandMode, turn: int, number: int
    ) -> None:
        target = _device(module, load.device_ref or "")
        if target is None:
            raise design_error(load, f"there is no device '@{load.device_ref}'")
        around = _device_around(load)
        packets = mode is ExpandMode.ctrlpkt
        steps = _configuration(target, Path(self.elf_dir), overlay=not packets)
        if packets:
            first = _load(load, device_ref=_overlay(module, load, turn))
            rest = _packets(around, steps, f"loadpdi_ctrlpkt_{number}_")
        else:
            empty = _empty_device(module, target, turn)
            kept = {"id": load.id, "size": load.size, "address": load.address}
            first = _load(load, device_ref=empty, **kept)
            rest = _writes(around, steps, f"loadpdi_{number}")
        replace(load, [first, *rest])


def _load(instead: NpuLoadPdiOp, **arguments: Any) -> NpuLoadPdiOp:
    """A load that no further run of the pass replaces."""
    return NpuLoadPdiOp(**arguments, expand_mode=ExpandMode.none, location=instead.location)


def _configuration(device: DeviceOp, elf_dir: Path, *, overlay: bool = True) -> list[Step]:
    """Everything that sets up the array for a device, in order."""
    return _join_blocks(configuration(device, elf_dir, overlay=overlay).steps)


def _join_blocks(steps: Sequence[Step]) -> list[Step]:
    """Block writes that go on where the one before ends as one, as aie-rt writes transactions.

    Source: mlir-aie, AIERT.cpp, projectCmdLocsOntoSerializedOps.
    """
    joined: list[Step] = []
    for step in steps:
        write, before = step.operation, joined[-1].operation if joined else None
        if (
            isinstance(write, ops.BlockWrite)
            and isinstance(before, ops.BlockWrite)
            and write.address == before.address + len(before.data)
        ):
            longer = ops.BlockWrite(before.address, before.data + write.data)
            joined[-1] = Step(longer, joined[-1].source)
        else:
            joined.append(step)
    return joined


def _location(step: Step, device: DeviceOp) -> LocationAttr:
    """Where a step comes from; the device where nothing in the design says it."""
    if step.source is None or isinstance(written_of(step.source.location), UnknownLoc):
        return device.location
    return step.source.location


def _writes(device: DeviceOp, steps: Sequence[Step], prefix: str) -> list[Operation]:
    """The steps as ops of a sequence; the data of block writes becomes globals of the device."""
    blocks = iter(_constants(device, steps, prefix))
    written: list[Operation] = []
    for step in steps:
        match step.operation:
            case ops.Write(address, value):
                made: list[Operation] = [NpuWrite32Op(address=address, value=value)]
            case ops.MaskWrite(address, mask, value):
                made = [NpuMaskWrite32Op(address=address, value=value, mask=mask)]
            case ops.BlockWrite(address, _):
                constant = next(blocks)
                get = GetGlobalOp(constant.sym_name.data, constant.type)
                made = [get, NpuBlockWriteOp(address=address, data=get.memref)]
            case _:
                raise _not_writable(device, step)
        for op in made:
            op.location = _location(step, device)
        written += made
    return written


def _constants(device: DeviceOp, steps: Sequence[Step], prefix: str) -> list[GlobalOp]:
    """The data of the steps' block writes, as globals at the start of the device."""
    names = {symbol_name(op) for op in device.body.ops}
    free = (name for number in count() if (name := f"{prefix}{number}") not in names)
    written = (step.operation for step in steps)
    blocks = [words(one.data) for one in written if isinstance(one, ops.BlockWrite)]
    constants = [constant_global(next(free), block, device.location) for block in blocks]
    place = device.body.first_op
    for constant in constants:
        _insert_first(device.body, constant, place)
    return constants


def _packets(device: DeviceOp, steps: Sequence[Step], prefix: str) -> list[Operation]:
    """The steps as control packets; mlir-aie leaves the data of block writes as globals, too."""
    _constants(device, steps, prefix)
    return _merge_writes([packet for step in steps for packet in _packets_of(device, step)])


def _packets_of(device: DeviceOp, step: Step) -> Iterator[NpuControlPacketOp]:
    """One step as control packets; a masked write sends its value."""
    location = _location(step, device)
    match step.operation:
        case ops.Write(address, value) | ops.MaskWrite(address, _, value):
            yield _packet(address, (value,), location)
        case ops.BlockWrite(address, data):
            block = words(data)
            for start in range(0, len(block), MAXIMUM_WORDS):
                part = block[start : start + MAXIMUM_WORDS]
                yield _packet(address + WORD_BYTES * start, part, location)
        case _:
            raise _not_writable(device, step)


def _packet(address: int, data: tuple[int, ...], location: LocationAttr) -> NpuControlPacketOp:
    return NpuControlPacketOp(
        address=address, opcode=WRITE, stream_id=0, data=signed_words(data), location=location
    )


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
    configure = next((op for op in all_ops(device) if isinstance(op, ConfigureOp)), None)
    if configure is not None:
        block = configure.body.blocks[0]
        inner = [block.detach_op(op) for op in list(block.ops)]
        replace(configure, [*steps, *inner])
        return
    names = {symbol_name(op) for op in device.body.ops}
    candidates = (SEQUENCE, *(f"{SEQUENCE}{number}" for number in range(len(names))))
    name = next(candidate for candidate in candidates if candidate not in names)
    body = Region(Block(with_constants(*steps)))
    sequence = RuntimeSequenceOp(sym_name=name, body=body, location=device.location)
    first = next((op for op in device.body.ops if not _is_data(op)), None)
    _insert_first(device.body, sequence, first)


def _is_data(op: Operation) -> bool:
    return (symbol_name(op) or "").startswith(DATA_PREFIX)


def _insert_first(block: Block, op: Operation, place: Operation | None) -> None:
    if place is None:
        block.add_op(op)
    else:
        block.insert_op_before(op, place)


def _not_writable(device: DeviceOp, step: Step) -> DesignError:
    what = type(step.operation).__name__
    return design_error(
        device if step.source is None else step.source,
        f"a runtime sequence cannot do '{what}' of this configuration",
    )


def _device(module: ModuleOp, name: str) -> DeviceOp | None:
    return next((device for device in devices(module) if device.sym_name == name), None)


def _device_around(op: Operation) -> DeviceOp:
    around = op.parent_op()
    while around is not None and not isinstance(around, DeviceOp):
        around = around.parent_op()
    assert around is not None
    return around


def _empty_device(module: ModuleOp, like: DeviceOp, turn: int) -> str:
    """The name of a device whose image resets the array; it is added if there is none."""
    name = EMPTY_DEVICE.format(turn)
    if _device(module, name) is None:
        empty = DeviceOp(device=like.device, sym_name=name, body_region=Region(Block([EndOp()])))
        _insert_first(module.body.block, empty, module.body.block.first_op)
    return name


def _overlay(module: ModuleOp, load: NpuLoadPdiOp, turn: int) -> str:
    """The name of the device through which control packets come, or of its copy."""
    overlay = _device(module, OVERLAY)
    if overlay is None:
        raise design_error(
            load,
            f"to load by control packets, a device '@{OVERLAY}' is needed; there is none",
            "aie-generate-column-control-overlay makes it with route-shim-to-tile-ctrl=true and "
            "emit-standalone-overlay=true",
        )
    if not turn:
        return OVERLAY
    if _device(module, OVERLAY_COPY) is None:
        copy = overlay.clone()
        copy.sym_name = OVERLAY_COPY
        module.body.block.insert_op_after(copy, overlay)
    return OVERLAY_COPY

"""One descriptor of a configured task as the ops that write it and its address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects.arith import ConstantOp
from xdsl.ir import Attribute, Operation

from softnpu.arch.device import Device
from softnpu.arch.tiles import TileKind
from softnpu.dialects.aie import BufferOp, DMABDOp, UseLockOp
from softnpu.dialects.aiex import (
    DMAConfigureTaskOp,
    NpuAddressPatchOp,
    NpuMaskWrite32Op,
    NpuWrite32Op,
    NpuWriteBdOp,
)
from softnpu.dialects.enums import DMAChannelDir
from softnpu.dialects.making import made
from softnpu.dialects.scalars import loose_constant
from softnpu.dialects.source import design_error
from softnpu.passes.access_pattern import DIMENSIONS, AccessPattern, bits_of
from softnpu.passes.bd_fields import Locks, Packet, Padding, Shape
from softnpu.passes.host_memory import REMEDY, trace
from softnpu.passes.runtime_descriptors import runtime_ops
from softnpu.passes.table_offset import table_offset

BUFFER_OFFSET = NpuWriteBdOp.attr_fields["buffer_offset"]

WORD_BYTES = 4
PAD_DIMENSIONS = 3
THIRD = 2
"""Of the dimensions as written, the one whose size mlir-aie takes for a memory tile's d2_size."""


def descriptor_ops(
    task: DMAConfigureTaskOp, bd: DMABDOp, locks: Sequence[UseLockOp], model: Device
) -> list[Operation]:
    """The write of descriptor `bd` of `task`, then what completes its address.

    Raises:
        DesignError: what the tile's DMA cannot do, or an address that is not known.
    """
    if task.bd_id_val is not None or bd.is_dynamic:
        return runtime_ops(task, bd, _template(task, bd, locks, model), model)
    _check_length(bd)
    packet = bd.packet if bd.packet is not None else task.packet
    write = NpuWriteBdOp(
        column=task.tile_op.col,
        row=task.tile_op.row,
        bd_id=bd.bd_id or 0,
        buffer_length=bd.len_in_bytes // WORD_BYTES,
        buffer_offset=bd.offset_in_bytes,
        next_bd=bd.next_bd_id or 0,
        use_next_bd=int(bd.next_bd_id is not None),
        valid_bd=1,
        burst_length=bd.burst_length or 0,
        **Packet.of(packet).named(),
        **_shape(task, bd, model).named(),
        **_padding(task, bd, model).named(),
        **_lock_fields(task, locks, model).named(),
        location=bd.location,
    )
    return [
        write,
        _address(task, bd, model),
        *table_offset(bd, _register(task, bd, model), bd.element_bytes),
    ]


@dataclass(frozen=True)
class Elsewhere:
    """A descriptor's write and its address patch, to be made for others that differ from it in
    their offset alone.

    Attributes:
        write, patch: what the two ops say.
        start: where its buffer begins in the argument of the sequence, in bytes.
    """

    write: Mapping[str, Attribute]
    patch: Mapping[str, Attribute]
    start: int

    @classmethod
    def than(cls, bd: DMABDOp, ops: Sequence[Operation]) -> Elsewhere | None:
        """How others are made, `ops` being those of `bd`, if they are the two of host memory."""
        if [type(op) for op in ops] != [NpuWriteBdOp, ConstantOp, NpuAddressPatchOp]:
            return None
        write, _, patch = ops
        assert isinstance(patch, NpuAddressPatchOp)
        start = patch.number("arg_plus") - bd.offset_in_bytes
        return cls({**write.properties}, {**patch.properties}, start)

    def ops(self, bd: DMABDOp) -> list[Operation]:
        """The ops of a descriptor, and the constant between them."""
        offset = _checked_offset(bd)
        said = {**self.write, BUFFER_OFFSET.mlir: BUFFER_OFFSET.codec.store(offset)}
        write = made(NpuWriteBdOp, properties=said, location=bd.location)
        plus = loose_constant(self.start + offset)
        plus.location = bd.location
        patch = made(NpuAddressPatchOp, plus.results, (), self.patch, location=bd.location)
        return [write, plus, patch]


def _template(
    task: DMAConfigureTaskOp, bd: DMABDOp, locks: Sequence[UseLockOp], model: Device
) -> NpuWriteBdOp:
    """The descriptor without its length and shape."""
    return NpuWriteBdOp(
        column=task.tile_op.col,
        row=task.tile_op.row,
        bd_id=bd.bd_id or 0,
        buffer_length=0,
        buffer_offset=0,
        next_bd=bd.next_bd_id or 0,
        use_next_bd=int(bd.next_bd_id is not None),
        valid_bd=1,
        burst_length=bd.burst_length or 0,
        **Packet.of(bd.packet if bd.packet is not None else task.packet).named(),
        **Shape().named(),
        **Padding().named(),
        **_lock_fields(task, locks, model).named(),
        location=bd.location,
    )


def _check_length(bd: DMABDOp) -> None:
    bits_of(bd, bd.buffer.type)
    _checked_offset(bd)
    length = bd.len_in_bytes
    if length < WORD_BYTES or length % WORD_BYTES:
        raise design_error(
            bd,
            f"a transfer moves whole 4-byte words: the length is {bd.length} elements of "
            f"{bd.element_bytes} bytes = {length} bytes",
        )


def _checked_offset(bd: DMABDOp) -> int:
    """A descriptor's offset in bytes."""
    offset = bd.offset_in_bytes
    if offset % WORD_BYTES or offset < 0:
        raise design_error(bd, f"the offset must be a multiple of 4 bytes, found {offset} bytes")
    return offset


def _shape(task: DMAConfigureTaskOp, bd: DMABDOp, model: Device) -> Shape:
    if not bd.dimensions:
        return Shape()
    if len(bd.dimensions) > DIMENSIONS:
        raise design_error(
            bd, f"a descriptor has at most {DIMENSIONS} dimensions, found {len(bd.dimensions)}"
        )
    position = task.tile_op.position
    pattern = pattern_of(bd)
    pattern.check(bd, model.dma(*position))
    _check_elements(bd, pattern)
    has_third_size = model.is_memory_tile(*position) and len(bd.dimensions) > THIRD
    return Shape.of(pattern, bd.dimensions[THIRD].size if has_third_size else 0)


def pattern_of(bd: DMABDOp) -> AccessPattern:
    """How a descriptor steps through its buffer: its dimensions, or one run of its length."""
    dims = bd.dimensions
    if not dims:
        return AccessPattern.of([bd.length], [1], bits_of(bd, bd.buffer.type))
    return AccessPattern.of(
        [dim.size for dim in dims], [dim.stride for dim in dims], bits_of(bd, bd.buffer.type)
    )


def _check_elements(bd: DMABDOp, pattern: AccessPattern) -> None:
    """The length counts the lower three dimensions; the fourth repeats the descriptor."""
    if pattern.elements != bd.length:
        raise design_error(
            bd,
            f"the length is {bd.length} elements, but the lower three dimensions move "
            f"{pattern.sizes[2]} * {pattern.sizes[1]} * {pattern.sizes[0]} = {pattern.elements}",
            "do not count the highest of four dimensions: it repeats the descriptor",
        )


def _padding(task: DMAConfigureTaskOp, bd: DMABDOp, model: Device) -> Padding:
    pads = bd.pad_dimensions
    if pads is None:
        return Padding()
    if not model.is_memory_tile(*task.tile_op.position):
        raise design_error(
            bd, f"only memory tiles pad with zeros, not tile {task.tile_op.position}"
        )
    if task.direction is not DMAChannelDir.MM2S:
        raise design_error(bd, "a memory tile pads what it sends (MM2S), not what it receives")
    if not bd.dimensions:
        raise design_error(bd, "padding needs dimensions: [<size = ..., stride = ...>, ...]")
    if len(pads) > min(len(bd.dimensions), PAD_DIMENSIONS):
        raise design_error(
            bd,
            f"{len(pads)} dimensions are padded, but {len(bd.dimensions)} given "
            f"(at most {PAD_DIMENSIONS} can be padded)",
        )
    fields = {}
    for dimension, pad in enumerate(reversed(list(pads))):
        fields[f"d{dimension}_zero_before"] = pad.const_pad_before
        fields[f"d{dimension}_zero_after"] = pad.const_pad_after
    return Padding(**fields)


def _lock_fields(task: DMAConfigureTaskOp, locks: Sequence[UseLockOp], model: Device) -> Locks:
    """An acquire's value is negative for "at least", as the hardware takes it."""
    acquire = next((lock for lock in locks if not lock.release), None)
    release = next((lock for lock in locks if lock.release), None)
    if not locks:
        return Locks()
    if acquire is None or release is None:
        raise design_error(locks[0], "a descriptor takes one acquire and one release")
    value = acquire.lock_value
    base = _lock_base(task, acquire, model)
    if acquire.lock_op.position != release.lock_op.position:
        raise design_error(
            release, "a descriptor releases a lock of the tile whose lock it acquires"
        )
    return Locks(
        lock_rel_val=release.lock_value,
        lock_rel_id=_lock_id(release) + base,
        lock_acq_enable=1,
        lock_acq_val=-value if acquire.acquire_ge else value,
        lock_acq_id=_lock_id(acquire) + base,
    )


def _lock_id(use: UseLockOp) -> int:
    lock = use.lock_op
    if lock.lock_id is None:
        raise design_error(use, "the lock of this descriptor has no number: assign lock ids first")
    return lock.lock_id


def _lock_base(task: DMAConfigureTaskOp, use: UseLockOp, model: Device) -> int:
    """What the tile's DMA adds to a lock's number; only memory tiles reach their neighbours'."""
    position, owner = task.tile_op.position, use.lock_op.position
    if not model.is_memory_tile(*position):
        base = 0 if owner == position else None
    else:
        base = model.lock_local_base_index(*position, *owner)
    if base is None:
        raise design_error(use, f"the DMA of tile {position} cannot reach a lock of tile {owner}")
    return base


def _register(task: DMAConfigureTaskOp, bd: DMABDOp, model: Device) -> int:
    """Where the descriptor has its address."""
    position = task.tile_op.position
    return model.dma_bd_address(*position, bd.bd_id or 0) + model.dma_bd_address_offset(*position)


def _address(task: DMAConfigureTaskOp, bd: DMABDOp, model: Device) -> Operation:
    """The op that gives the descriptor its address, once that is known."""
    position = task.tile_op.position
    register = _register(task, bd, model)
    buffer = bd.buffer_op
    if buffer is not None:
        return _buffer_address(task, bd, buffer, register, model)
    memory = trace(bd.buffer)
    if memory is None:
        raise design_error(bd, "the buffer must be an aie.buffer or an argument", REMEDY)
    if not model.is_shim(*position):
        raise design_error(bd, f"only a shim tile reaches the host's memory, not tile {position}")
    return NpuAddressPatchOp(
        addr=register,
        arg_idx=memory.argument.index,
        arg_plus=memory.offset + bd.offset_in_bytes,
        location=bd.location,
    )


def _buffer_address(
    task: DMAConfigureTaskOp, bd: DMABDOp, buffer: BufferOp, register: int, model: Device
) -> Operation:
    """Sets the address field alone: other fields share its word."""
    if buffer.address is None:
        raise design_error(
            bd,
            "the buffer of this descriptor has no address: assign buffer addresses first",
        )
    position = task.tile_op.position
    address = buffer.address + bd.offset_in_bytes
    kind = model.kind(*position)
    if kind is TileKind.SHIM and buffer.position == position:
        return NpuWrite32Op(address=register, value=address, location=bd.location)
    address += _window(task, bd, buffer, model)
    field = model.dma(*position).bd.field("base_address")
    value = address // WORD_BYTES << field.lsb
    return NpuMaskWrite32Op(address=register, value=value, mask=field.mask, location=bd.location)


def _window(task: DMAConfigureTaskOp, bd: DMABDOp, buffer: BufferOp, model: Device) -> int:
    """Where the tile's DMA sees the memory that the buffer lies in.

    mlir-aie leaves this out for the memory tiles of the first generation, although the CDO that
    it writes for them has it: what its runtime sequences move lies in the western neighbour.
    """
    position, owner = task.tile_op.position, buffer.position
    if model.is_memory_tile(*position):
        base = model.mem_local_base_address(*position, *owner)
    else:
        base = 0 if owner == position else None
    if base is None:
        raise design_error(bd, f"the DMA of tile {position} cannot reach a buffer of tile {owner}")
    return base

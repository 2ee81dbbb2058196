"""Rules of runtime sequences."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any

from xdsl.dialects.builtin import Float32Type, MemRefType
from xdsl.ir import Operation, SSAValue

from softnpu.arch.device import Device, TileKind
from softnpu.dialects.aie.dma import DMABDOp
from softnpu.dialects.aie.symbols import device_of, lookup
from softnpu.dialects.aie.tiles import BufferOp
from softnpu.dialects.aiex.npu import (
    NpuAssertBdDivisibleOp,
    NpuAssertBdFieldOp,
    NpuDmaMemcpyNdOp,
    NpuDmaWaitOp,
    NpuPushQueueOp,
    NpuWriteBdOp,
    NpuWriteRTPOp,
)
from softnpu.dialects.aiex.tasks import (
    ConfigureOp,
    DMAConfigureTaskForOp,
    DMAConfigureTaskOp,
    DMAStartBdChainForOp,
    DMAStartBdChainOp,
    RunOp,
    SetLockOp,
)
from softnpu.dialects.kinds import kind_but_for, of_kinds
from softnpu.dialects.rules.common import (
    WORD_BYTES,
    did_you_mean,
    kind_of,
    model_of,
    symbols_seen_from,
    title,
    where,
)
from softnpu.dialects.rules.descriptors import DIMENSIONS, PACKET_IDS, PACKET_TYPES, check_packet
from softnpu.dialects.scalars import DYNAMIC, number_of
from softnpu.dialects.sizes import element_bits, element_count, memref_bytes
from softnpu.dialects.source import design_error, location_of
from softnpu.dialects.walking import ops_in

LIST_LENGTH = 4
"""Offsets, sizes and strides of a transfer: dimensions 3, 2, 1, 0."""

WORD_BITS = 8 * WORD_BYTES
REPEATS = 255

WRITEBD_LIMITS: dict[str, int] = {
    "packet_id": PACKET_IDS - 1,
    "packet_type": PACKET_TYPES - 1,
    "d0_stride": 0xFFFFF,
    "d1_size": 0x3FF,
    "d1_stride": 0xFFFFF,
    "d2_stride": 0xFFFFF,
    "iteration_size": 0x3F,
    "iteration_stride": 0xFFFFF,
}
"""The largest value of each field of `npu.writebd` that has a limit of its own."""

LINEAR_SIZE_LIMIT = 0x3FF
PAD_FIELDS = tuple(f"d{d}_zero_{side}" for d in range(3) for side in ("before", "after"))


def check_symbol(op: Operation, name: str, what: str) -> Operation:
    """The op that a name stands for."""
    found = lookup(op, name)
    if found is None:
        near = did_you_mean(name, symbols_seen_from(op))
        raise design_error(op, f"there is no {what} '@{name}'{near}")
    return found


def check_memcpy(op: NpuDmaMemcpyNdOp) -> None:
    """A transfer that the shim's DMA can describe; its limits are checked when it is lowered.

    A sequence has many that differ in their offsets alone: the rest is looked at once for all.
    """
    fixed = len(op._operands) == 1 and DYNAMIC not in op.static_offsets
    kind, sound = (op.parent, *kind_but_for(op, "static_offsets")), of_kinds("transfers")
    if fixed and kind in sound.known:
        _check_start(op)
        return
    _check_form(op)
    _check_start(op)
    check_packet(op, op.packet)
    check_burst(op, op.burst_length)
    if device_of(op) is not None:
        check_symbol(op, op.metadata.partition("::@")[0], "objectfifo or shim DMA allocation")
    if fixed:
        sound.learn(kind, op, True)


def _check_start(op: NpuDmaMemcpyNdOp) -> None:
    offsets = _numbers(op, "offset", op.mixed_offsets)
    if offsets and min(offsets) < 0:
        raise design_error(op, f"offsets are 0 or more: {offsets}")
    if offsets and (strides := _numbers(op, "stride", op.mixed_strides)):
        start_of(op, offsets, strides, op.element_bits)


def _check_form(op: NpuDmaMemcpyNdOp) -> None:
    """Elements, lists and sizes, which do not depend on where a transfer begins."""
    bits = op.element_bits
    if bits > WORD_BITS:
        raise design_error(op, f"elements of {bits} bits: a transfer's have at most {WORD_BITS}")
    type = op.memref.type
    if isinstance(type, MemRefType) and type.has_static_shape():
        size = element_count(type) * bits
        if size < WORD_BITS:
            raise design_error(op, f"a buffer of {size} bits: a transfer moves {WORD_BITS} or more")
    _, *dynamic = op.segment_sizes()
    lists = (op.static_offsets, op.static_sizes, op.static_strides)
    for word, static, values in zip(("offsets", "sizes", "strides"), lists, dynamic, strict=True):
        if (places := static.count(DYNAMIC)) != values:
            raise design_error(op, f"{word} have {places} places for {values} values")
    sizes = _numbers(op, "size", op.mixed_sizes)
    _numbers(op, "stride", op.mixed_strides)
    if sizes and min(sizes) < 1:
        raise design_error(op, f"sizes are 1 or more: {sizes}")


def start_of(op: Operation, offsets: Sequence[int], strides: Sequence[int], bits: int) -> int:
    """The byte of its buffer at which a transfer of elements of so many bits starts."""
    start = sum(o * s for o, s in zip(offsets, strides, strict=True)) * bits // 8
    if start % WORD_BYTES:
        raise design_error(
            op, f"a transfer starts at a multiple of 4 bytes; this one at byte {start}"
        )
    return start


def _numbers(op: Operation, word: str, mixed: list[int | SSAValue]) -> list[int] | None:
    """The numbers of a list; None if some are none before the sequence's loops are unrolled."""
    if len(mixed) != LIST_LENGTH:
        raise design_error(
            op,
            f"a transfer has {LIST_LENGTH} {word}s, found {len(mixed)}",
            "write dimensions 3, 2, 1, 0, the innermost last",
        )
    numbers = [item if isinstance(item, int) else constant_value(item) for item in mixed]
    known = [number for number in numbers if number is not None]
    return known if len(known) == len(numbers) else None


def constant_value(value: SSAValue) -> int | None:
    """The number behind an `arith.constant` or `index.constant`."""
    owner = value.owner
    if not isinstance(owner, Operation) or not owner.name.endswith(".constant"):
        return None
    stored = getattr(owner.properties.get("value"), "value", None)
    number = getattr(stored, "data", None)
    return number if isinstance(number, int) else None


def check_burst(op: Operation, burst_length: int) -> None:
    """A burst length that the device's shim has (0: the longest)."""
    model = model_of(op)
    lengths = [length for _, length in model.bursts] if model else []
    if burst_length and model and burst_length not in lengths:
        listed = ", ".join(map(str, lengths))
        raise design_error(op, f"bursts of {burst_length} bytes: {model.name} has {listed}")


def check_wait(op: NpuDmaWaitOp) -> None:
    """What is waited for exists."""
    if device_of(op) is not None:
        check_symbol(op, op.symbol, "objectfifo or shim DMA allocation")


def check_rtp(op: NpuWriteRTPOp) -> None:
    """The buffer exists and has this word; what is written is one of its elements.

    Stricter than aie-opt, which counts words from the buffer's address whatever lies there.
    """
    if device_of(op) is None:
        return
    buffer = check_symbol(op, op.buffer, "buffer")
    if not isinstance(buffer, BufferOp):
        raise design_error(op, f"'@{op.buffer}' is no buffer, it is {buffer.name}")
    words = memref_bytes(buffer.buffer_type) // WORD_BYTES
    if op.index >= words:
        raise design_error(
            op,
            f"@{op.buffer} has no run-time parameter {op.index}: its words are 0 to {words - 1}",
            f"it is {buffer.buffer_type}, declared at {location_of(buffer)}",
        )
    type = buffer.buffer_type.element_type
    if element_bits(type) != WORD_BITS:
        raise design_error(
            op,
            f"a run-time parameter is a 32-bit word, but @{op.buffer} holds {type}",
            f"declare it as memref<{words}xi32>, and take the value apart in the core",
        )
    if isinstance(type, Float32Type):
        _check_float(op, buffer)


def _check_float(op: NpuWriteRTPOp, buffer: BufferOp) -> None:
    """The bits of a number that is none of the smallest, which an integer would be."""
    number = number_of(op.value)
    if number is None:
        return
    bits = number & 0xFFFFFFFF
    (value,) = struct.unpack("<f", struct.pack("<I", bits))
    if bits and not bits & 0x7F800000:
        wanted = int.from_bytes(struct.pack("<f", number), "little")
        raise design_error(
            op,
            f"rtp_write writes bits: {number} is {value:.3g} in @{op.buffer}, which is "
            f"{buffer.buffer_type}",
            f"the bits of {number}.0 are {wanted}",
        )


def _check_bd_id(op: Operation, model: Device, column: int, row: int, bd_id: int) -> None:
    most = model.num_bds(column, row)
    if bd_id >= most:
        raise design_error(
            op, f"bd_id is {bd_id}; tile ({column}, {row}) has descriptors 0 to {most - 1}"
        )


def check_push_queue(op: NpuPushQueueOp) -> None:
    """The descriptor exists and the repeat count fits."""
    bd_id, repeats = number_of(op.bd_id), number_of(op.repeat_count)
    if bd_id is not None and (model := model_of(op)) is not None:
        _check_bd_id(op, model, op.column, op.row, bd_id)
    if repeats is not None and repeats > REPEATS:
        raise design_error(op, f"repeat_count is at most {REPEATS}, found {repeats}")


def check_writebd(op: NpuWriteBdOp) -> None:
    """Every value fits its field."""
    for name, most in WRITEBD_LIMITS.items():
        if (value := getattr(op, name)) > most:
            raise design_error(op, f"{name} is at most {most}, found {value}")
    linear = op.d0_size >= 1 and op.d1_size == 1 and op.iteration_size == 0
    if not linear and op.d0_size > LINEAR_SIZE_LIMIT:
        raise design_error(op, f"d0_size is at most {LINEAR_SIZE_LIMIT}, found {op.d0_size}")
    if (model := model_of(op)) is None:
        return
    _check_bd_id(op, model, op.column, op.row, op.bd_id)
    if not model.is_shim(op.column, op.row):
        if op.burst_length:
            raise design_error(op, "burst_length is for shim tiles")
        return
    check_burst(op, op.burst_length)
    if op.d2_size:
        raise design_error(op, f"a shim's DMA has no d2_size, found {op.d2_size}")
    if any(getattr(op, name) for name in PAD_FIELDS):
        raise design_error(op, "a shim's DMA cannot pad")


def check_configure_task(op: DMAConfigureTaskOp) -> None:
    """The blocks form one chain from the first; bursts are the shim's."""
    check_packet(op, op.packet)
    model = model_of(op)
    for index, block in enumerate(op.body.blocks):
        if index and block.ops.last is not None and not block.uses:
            raise design_error(block.ops.last, "no aie.next_bd leads to this block's descriptor")
        for inner in block.ops:
            if isinstance(inner, DMABDOp):
                _check_task_bd(inner, kind_of(op.tile_op))
            if isinstance(inner, DMABDOp) and inner.burst_length:
                if model is not None and not model.is_shim(*op.position):
                    raise design_error(inner, "burst_length is for shim tiles")
                check_burst(inner, inner.burst_length)


def check_configure_task_for(op: DMAConfigureTaskForOp) -> None:
    """The allocation exists."""
    check_symbol(op, op.alloc.partition("::@")[0], "objectfifo or shim DMA allocation")
    for block in op.body.blocks:
        for inner in ops_in(block):
            if isinstance(inner, DMABDOp):
                _check_task_bd(inner, TileKind.SHIM)


def _check_task_bd(op: DMABDOp, kind: TileKind) -> None:
    """A shim's outermost dimension is its iteration, the one way to say so in a sequence."""
    if op.iteration is not None:
        raise design_error(
            op,
            "a task's descriptor has no iteration",
            "write its size and stride as the outermost of four dimensions",
        )
    most = DIMENSIONS[kind] + (kind is TileKind.SHIM)
    if (found := len(op.static_sizes or ())) > most:
        raise design_error(op, f"a descriptor here has at most {most} dimensions, not {found}")


def check_start_chain(op: DMAStartBdChainOp | DMAStartBdChainForOp) -> None:
    """The chain exists and takes these arguments."""
    chain = op.bd_chain_op
    if chain is None:
        near = did_you_mean(op.symbol, symbols_seen_from(op))
        raise design_error(op, f"there is no aie.bd_chain '@{op.symbol}'{near}")
    wanted = [argument.type for argument in chain.body.blocks[0].args] if chain.body.blocks else []
    _check_arguments(op, title(chain), wanted, op.args)


def _check_arguments(
    op: Operation, callee: str, wanted: list[Any], given: tuple[SSAValue, ...]
) -> None:
    if len(wanted) != len(given):
        raise design_error(op, f"{callee} takes {len(wanted)} arguments, found {len(given)}")
    for index, (type, value) in enumerate(zip(wanted, given, strict=True)):
        if type != value.type:
            raise design_error(
                op, f"argument {index} of {callee} is a {type}, found a {value.type}"
            )


def check_set_lock(op: SetLockOp) -> None:
    """The value and the lock exist."""
    model = model_of(op)
    if model is None:
        return
    if not 0 <= op.value <= model.max_lock_value:
        raise design_error(op, f"a lock holds 0 to {model.max_lock_value}, found {op.value}")
    lock = op.lock_op
    if lock.lock_id is not None and lock.lock_id >= model.num_locks(*lock.position):
        raise design_error(op, f"{where(lock.tile_op)} has no lock {lock.lock_id}")


def check_configure(op: ConfigureOp) -> None:
    """The device exists and is of the same type."""
    referenced, own = op.referenced_device_op, device_of(op)
    if referenced is None:
        near = did_you_mean(op.symbol, symbols_seen_from(op))
        raise design_error(op, f"there is no device '@{op.symbol}'{near}")
    if own is not None and own.device is not referenced.device:
        raise design_error(
            op,
            f"device '@{op.symbol}' is a {referenced.device.name}, this one a {own.device.name}",
        )


def check_assert_field(op: NpuAssertBdFieldOp) -> None:
    """What is known beforehand is within the field."""
    number = number_of(op.value)
    if number is not None and not 0 <= number <= op.max:
        raise design_error(op, f"the value is {number}, the field holds 0 to {op.max}")


def check_assert_divisible(op: NpuAssertBdDivisibleOp) -> None:
    """What is known beforehand is a multiple, or the 1 that may be."""
    number = number_of(op.value)
    if op.divisor == 0:
        raise design_error(op, "nothing is a multiple of 0")
    if number is None or (op.allow_unit and number == 1):
        return
    if number % op.divisor:
        raise design_error(op, f"the value is {number}, no multiple of {op.divisor}")


def check_run(op: RunOp) -> None:
    """The sequence exists and takes these arguments."""
    device, sequence = op.callee_device_op, op.callee_runtime_sequence_op
    if device is None:
        raise design_error(op, "aiex.run belongs into aiex.configure")
    if sequence is None:
        raise design_error(
            op,
            f"device '@{device.sym_name}' has no runtime sequence '@{op.runtime_sequence_symbol}'",
        )
    wanted = [argument.type for argument in sequence.body.blocks[0].args]
    _check_arguments(op, title(sequence), wanted, op.args)


RULES: dict[str, Callable[[Any], None]] = {
    "aiex.configure": check_configure,
    "aiex.dma_configure_task": check_configure_task,
    "aiex.dma_configure_task_for": check_configure_task_for,
    "aiex.dma_start_bd_chain": check_start_chain,
    "aiex.dma_start_bd_chain_for": check_start_chain,
    "aiex.npu.assert_bd_divisible": check_assert_divisible,
    "aiex.npu.assert_bd_field": check_assert_field,
    "aiex.npu.dma_memcpy_nd": check_memcpy,
    "aiex.npu.dma_wait": check_wait,
    "aiex.npu.push_queue": check_push_queue,
    "aiex.npu.rtp_write": check_rtp,
    "aiex.npu.writebd": check_writebd,
    "aiex.run": check_run,
    "aiex.set_lock": check_set_lock,
}

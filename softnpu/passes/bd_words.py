"""The words of a buffer descriptor that the runtime sequence writes (`aiex.npu.writebd`).

The layouts are those of `arch.dma`. Where mlir-aie cuts a value to its field, this refuses it;
else the words are the same. A memory tile's D2_Wrap stays 0, as there: what the third dimension
repeats follows from the length.

Facts: mlir-aie, AIEDmaToNpu.cpp, `WriteBdToBlockWritePattern`.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Operation

from softnpu.arch.device import Device
from softnpu.arch.dma import DmaEngine
from softnpu.arch.tiles import TileKind
from softnpu.dialects.aiex import NpuWriteBdOp
from softnpu.dialects.source import design_error
from softnpu.passes.bd_fields import Padding

FIELDS: dict[str, str] = {
    "buffer_length": "buffer_length",
    "enable_packet": "enable_packet",
    "out_of_order_bd_id": "out_of_order_id",
    "packet_id": "packet_id",
    "packet_type": "packet_type",
    "d0_wrap": "d0_size",
    "d0_stepsize": "d0_stride",
    "d1_wrap": "d1_size",
    "d1_stepsize": "d1_stride",
    "d2_stepsize": "d2_stride",
    "iteration_current": "iteration_current",
    "iteration_wrap": "iteration_size",
    "iteration_stepsize": "iteration_stride",
    "next_bd": "next_bd",
    "use_next_bd": "use_next_bd",
    "valid_bd": "valid_bd",
    "lock_rel_value": "lock_rel_val",
    "lock_rel_id": "lock_rel_id",
    "lock_acq_enable": "lock_acq_enable",
    "lock_acq_value": "lock_acq_val",
    "lock_acq_id": "lock_acq_id",
    "d0_zero_before": "d0_zero_before",
    "d1_zero_before": "d1_zero_before",
    "d2_zero_before": "d2_zero_before",
    "d0_zero_after": "d0_zero_after",
    "d1_zero_after": "d1_zero_after",
    "d2_zero_after": "d2_zero_after",
}
"""Descriptor field -> attribute of `aiex.npu.writebd`; values pass as they are."""

ADDRESS: dict[TileKind, tuple[str, int]] = {
    TileKind.SHIM: ("base_address_low", 4),
    TileKind.MEMORY: ("base_address", 1),
    TileKind.CORE: ("base_address", 4),
}
"""The field of the base address, and what one of its units means in `buffer_offset`."""

AXCACHE = 2
"""AxCACHE of a shim's descriptors: lets the NoC merge accesses into wider ones."""


def bd_words(op: NpuWriteBdOp, device: Device) -> list[int]:
    """The 32-bit words of the descriptor that `op` writes: 6 on a core tile, else 8.

    Raises:
        DesignError: a value that its field cannot hold, or that the tile's DMA cannot do.
    """
    check_tile(op, device, op.column, op.row)
    engine = device.dma(op.column, op.row)
    _check_abilities(op, engine)
    values = {
        key: _fit(op, engine, key, attribute)
        for key, attribute in FIELDS.items()
        if engine.bd.has(key)
    }
    values |= _address(op, engine)
    if engine.kind is TileKind.SHIM:
        values |= {
            "axcache": AXCACHE,
            "burst_length": burst_encoding(op, device, op.burst_length or 0),
        }
    return engine.bd.pack(values)


def moved(words: Sequence[int], op: NpuWriteBdOp, device: Device) -> list[int]:
    """The words of the descriptor that `op` writes, which differs in its address alone from one
    that has these.

    Raises:
        DesignError: an address that its field cannot hold.
    """
    engine = device.dma(op.column, op.row)
    here = list(words)
    for key, address in _address(op, engine).items():
        field = engine.bd.field(key)
        here[field.word] = here[field.word] & ~field.mask | field.insert(address)
    return here


def burst_encoding(op: Operation, device: Device, length: int) -> int:
    """The field value for a burst of `length` bytes; 0 means the longest there is.

    Raises:
        DesignError: the device has no such burst.
    """
    if length == 0:
        return max(device.bursts, key=lambda burst: burst[1])[0]
    for encoding, known in device.bursts:
        if known == length:
            return encoding
    lengths = ", ".join(str(known) for _, known in device.bursts)
    raise design_error(
        op, f"{device.name} has no bursts of {length} bytes", f"burst lengths: {lengths}"
    )


def check_tile(op: Operation, device: Device, col: int, row: int) -> None:
    """Raise DesignError unless the device has that tile."""
    if not device.is_valid_tile(col, row):
        raise design_error(
            op,
            f"{device.name} has no tile ({col}, {row})",
            f"columns 0 to {device.columns - 1}, rows 0 to {device.rows - 1}",
        )


def check_bd_id(op: Operation, engine: DmaEngine, bd_id: int) -> None:
    """Raise DesignError unless the tile has a descriptor `bd_id`."""
    if not 0 <= bd_id < engine.bds:
        raise design_error(
            op, f"BD id {bd_id} does not exist: a {engine.kind.value} tile has {engine.bds}"
        )


def _check_abilities(op: NpuWriteBdOp, engine: DmaEngine) -> None:
    tile = f"tile ({op.column}, {op.row})"
    check_bd_id(op, engine, op.bd_id)
    padded = any(getattr(op, name) for name in Padding().named())
    if padded and engine.kind is not TileKind.MEMORY:
        raise design_error(op, f"only memory tiles pad with zeros, {tile} is a {engine.kind.value}")
    if engine.kind is not TileKind.SHIM and op.burst_length:
        raise design_error(op, f"only shim tiles have bursts, {tile} is a {engine.kind.value}")
    if engine.kind is TileKind.SHIM and op.d2_size:
        raise design_error(
            op,
            f"d2_size = {op.d2_size}: a shim's descriptor has no third size",
            "it follows from buffer_length; leave d2_size at 0",
        )


def _fit(op: NpuWriteBdOp, engine: DmaEngine, key: str, attribute: str) -> int:
    """The attribute's value, as its field takes it."""
    field = engine.bd.field(key)
    value: int = getattr(op, attribute)
    if field.signed and field.maximum < value < 1 << field.width:
        return value - (1 << field.width)
    if key == "d0_wrap" and _is_linear(op) and value % (field.maximum + 1) == 0:
        return 0
    if not field.minimum <= value <= field.maximum:
        raise design_error(
            op,
            f"{attribute} = {value} exceeds the range [{field.minimum}:{field.maximum}] of "
            f"{field.name} in the descriptors of a {engine.kind.value} tile",
        )
    return value


def _is_linear(op: NpuWriteBdOp) -> bool:
    """One run: its length says all, so that a d0_size of any length is let through."""
    return bool(op.d0_size >= 1 and op.d1_size == 1 and op.iteration_size == 0)


def _address(op: NpuWriteBdOp, engine: DmaEngine) -> dict[str, int]:
    key, unit = ADDRESS[engine.kind]
    address, rest = divmod(op.buffer_offset, unit)
    if rest:
        raise design_error(
            op, f"buffer_offset = {op.buffer_offset} must be a multiple of {unit} bytes"
        )
    field = engine.bd.field(key)
    if not 0 <= address <= field.maximum:
        raise design_error(
            op,
            f"buffer_offset = {op.buffer_offset} exceeds the range "
            f"[0:{field.maximum * unit}] of a {engine.kind.value} tile's descriptors",
        )
    return {key: address}

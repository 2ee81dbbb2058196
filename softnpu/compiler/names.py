"""The names beside an artifact: what the emulator's explanations call locks, buffers, channels.

See softnpu.emulator.names for the file's form.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from softnpu.compiler import programs
from softnpu.compiler.selection import main_device
from softnpu.dialects.aie import BufferOp, DeviceOp, LockOp, ShimDMAAllocationOp, TileOp
from softnpu.dialects.sizes import memref_bytes
from softnpu.dialects.source import parse_file

NAMES = "names.json"
ALLOCATION_SUFFIX = "_shim_alloc"
"""What aie-objectFifo-stateful-transform adds to an objectfifo's name for its shim channel."""


def write(physical: Path, arguments: Sequence[str], target: Path) -> None:
    """Writes the names that a placed design (input_physical.mlir) gives to what the array holds.

    Args:
        arguments: the names of the runtime sequence's arguments, in order.
    """
    device = main_device(parse_file(physical))
    found: dict[str, Any] = {
        "locks": [_lock(op) for op in device.body.ops if isinstance(op, LockOp)],
        "buffers": [_buffer(op) for op in device.body.ops if isinstance(op, BufferOp)],
        "channels": [_channel(op) for op in device.body.ops if isinstance(op, ShimDMAAllocationOp)],
        "cores": _cores(device),
        "arguments": [{"index": i, "name": name} for i, name in enumerate(arguments)],
    }
    target.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _place(tile: TileOp) -> list[int]:
    return [tile.col, tile.row]


def _lock(op: LockOp) -> dict[str, Any]:
    return {"tile": _place(op.tile_op), "id": op.lock_id, "name": op.sym_name or ""}


def _buffer(op: BufferOp) -> dict[str, Any]:
    return {
        "tile": _place(op.tile_op),
        "address": op.address,
        "size": memref_bytes(op.buffer_type),
        "name": op.sym_name or "",
    }


def _channel(op: ShimDMAAllocationOp) -> dict[str, Any]:
    return {
        "tile": _place(op.tile_op),
        "direction": op.channel_dir.name,
        "channel": op.channel_index,
        "name": op.sym_name.removesuffix(ALLOCATION_SUFFIX),
    }


def _cores(device: DeviceOp) -> list[dict[str, Any]]:
    return [
        {"tile": list(core.position), "elf": core.elf_file or programs.program_name(device, core)}
        for core in programs.cores(device)
        if programs.needs_program(device, core)
    ]

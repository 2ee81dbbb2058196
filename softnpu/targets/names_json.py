"""names.json: the author's names for locks, buffers, channels and programs of a placed design.

The emulator reads it beside an xclbin (emulator/names.py has the format), so that what it says of
a hang speaks of objectfifos and source lines, not of tiles and numbers.
"""

from __future__ import annotations

import json
from typing import Any

from xdsl.dialects.builtin import ModuleOp

from softnpu.dialects.aie import BufferOp, CoreOp, DeviceOp, LockOp, ShimDMAAllocationOp
from softnpu.dialects.sizes import memref_bytes
from softnpu.dialects.source import design_error
from softnpu.passes.device_ops import of_type
from softnpu.passes.sequence_ops import devices

Entry = dict[str, Any]


def emit(module: ModuleOp, device_name: str = "main") -> str:
    """The text of names.json for one device of a design with ids and addresses.

    Raises:
        DesignError: there is no such device.
    """
    for device in devices(module):
        if device.sym_name == device_name:
            return json.dumps(_names(device), indent=1) + "\n"
    raise design_error(module, f"the file has no device called '{device_name}'")


def _names(device: DeviceOp) -> dict[str, list[Entry]]:
    return {
        "locks": [
            {"tile": list(op.position), "id": op.lock_id, "name": op.sym_name}
            for op in of_type(device, LockOp)
            if op.sym_name and op.lock_id is not None
        ],
        "buffers": [
            {
                "tile": list(op.position),
                "address": op.address,
                "size": memref_bytes(op.buffer_type),
                "name": op.sym_name,
            }
            for op in of_type(device, BufferOp)
            if op.sym_name and op.address is not None
        ],
        "channels": [
            {
                "tile": list(op.tile_op.position),
                "direction": op.channel_dir.name,
                "channel": op.channel_index,
                "name": op.sym_name.removesuffix("_shim_alloc"),
            }
            for op in of_type(device, ShimDMAAllocationOp)
        ],
        "cores": [_program(device, op) for op in of_type(device, CoreOp)],
    }


def _program(device: DeviceOp, core: CoreOp) -> Entry:
    """The core's ELF under the name that the compiler gives it, unless the design names one."""
    col, row = core.position
    return {
        "tile": [col, row],
        "elf": core.elf_file or f"{device.sym_name}_core_{col}_{row}.elf",
    }

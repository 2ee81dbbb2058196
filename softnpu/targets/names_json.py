"""names.json: the author's names for locks, buffers, channels and programs of a placed design.

The emulator reads it beside an xclbin (emulator/names.py has the format), so that what it says of
a hang speaks of objectfifos and source lines, not of tiles and numbers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from softnpu.dialects.aie import BufferOp, CoreOp, DeviceOp, LockOp, ShimDMAAllocationOp
from softnpu.dialects.sizes import memref_bytes
from softnpu.dialects.source import design_error
from softnpu.passes.device_ops import of_type
from softnpu.passes.sequence_ops import devices, sequences

Entry = dict[str, Any]


def emit(
    module: ModuleOp, device_name: str = "main", arguments: Sequence[str] | None = None
) -> str:
    """The text of names.json for one device of a design with ids and addresses.

    Args:
        arguments: the host buffers' names, in order; those of the first runtime sequence's
            arguments unless given.

    Raises:
        DesignError: there is no such device.
    """
    for device in devices(module):
        if device.sym_name == device_name:
            given = _arguments(device) if arguments is None else arguments
            return json.dumps(_names(device, given), indent=1) + "\n"
    raise design_error(module, f"the file has no device called '{device_name}'")


def _arguments(device: DeviceOp) -> list[str]:
    """The names that the design gives its host buffers; mlir's own numbers are no names."""
    for sequence in sequences(device):
        return [a.name_hint or f"argument {i}" for i, a in enumerate(sequence.body.block.args)]
    return []


def _names(device: DeviceOp, arguments: Sequence[str]) -> dict[str, list[Entry]]:
    return {
        "locks": [
            {"tile": list(op.position), "id": op.lock_id, "name": op.sym_name}
            for op in of_type(device, LockOp)
            if op.sym_name and op.lock_id is not None
        ],
        "buffers": [
            _buffer(op)
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
        "arguments": [{"index": i, "name": name} for i, name in enumerate(arguments)],
    }


def _buffer(op: BufferOp) -> Entry:
    """A buffer; with the cores that use it where those of other tiles are among them."""
    entry: Entry = {
        "tile": list(op.position),
        "address": op.address,
        "size": memref_bytes(op.buffer_type),
        "name": op.sym_name,
    }
    cores = sorted({core.position for use in op.buffer.uses if (core := _core(use.operation))})
    if any(position != op.position for position in cores):
        entry["cores"] = [list(position) for position in cores]
    return entry


def _core(op: Operation) -> CoreOp | None:
    """The core that an operation is in, None for one outside of cores."""
    found: Operation | None = op
    while found is not None and not isinstance(found, CoreOp):
        found = found.parent_op()
    return found


def _program(device: DeviceOp, core: CoreOp) -> Entry:
    """The core's ELF under the name that the compiler gives it, unless the design names one."""
    col, row = core.position
    return {
        "tile": [col, row],
        "elf": core.elf_file or f"{device.sym_name}_core_{col}_{row}.elf",
    }

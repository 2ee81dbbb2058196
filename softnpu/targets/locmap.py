"""Where the operations of an instruction stream come from: `aie-npu-emit-locmap`.

Beside the stream, for tools that lead a word of it back to a line of the design: for each
operation its bytes, its op, what that says of its place, and the register that it writes
(mlir-aie, AIETargetNPU.cpp, `emitNpuLocmapJSON`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from xdsl.dialects.builtin import (
    ArrayAttr,
    CallSiteLoc,
    FileLineColLoc,
    FusedLoc,
    ModuleOp,
    NameLoc,
)
from xdsl.ir import Attribute, Operation

from softnpu.arch import registers
from softnpu.arch.address import split_address
from softnpu.arch.device import Device, TileKind
from softnpu.arch.register import MODULES
from softnpu.arch.register_tables import table
from softnpu.dialects.locations import written_of
from softnpu.formats import operations as ops
from softnpu.formats.txn import places
from softnpu.passes.sequence_ops import find_device, find_sequence, model_of
from softnpu.targets.npu_binary import encoded, stream

VERSION = 1
WORD = 4
OPCODES: Mapping[type[object], str] = {
    ops.Sync: "TCT",
    ops.Write: "WRITE32",
    ops.BlockWrite: "BLOCKWRITE",
    ops.MaskWrite: "MASKWRITE",
    ops.LoadPdi: "LOAD_PDI",
    ops.AddressPatch: "ADDRESS_PATCH",
    ops.Preempt: "PREEMPT",
    ops.CreateScratchpad: "CREATE_SCRATCHPAD",
    ops.UpdateRegister: "UPDATE_FROM_SCRATCHPAD",
}
ADDRESSED = (ops.Write, ops.BlockWrite, ops.MaskWrite, ops.AddressPatch)
"""Operations whose register the file tells; mlir-aie leaves out that of UpdateRegister."""

Entry = dict[str, Any]


def emit(module: ModuleOp, device_name: str = "", sequence_name: str = "") -> str:
    """The text of the file for one lowered runtime sequence.

    Args:
        device_name, sequence_name: as for `npu_binary.emit`.

    Raises:
        DesignError: as for `npu_binary.emit`.
    """
    device_op = find_device(module, device_name)
    sequence = find_sequence(device_op, sequence_name)
    model = model_of(device_op)
    steps = zip(encoded(sequence), places(stream(sequence)), strict=True)
    entries = [
        {"byte_offset": start, "byte_size": size, **_entry(op, operation, model)}
        for (op, operation), (start, size) in steps
    ]
    found = {"version": VERSION, "device": device_name, "binary": "", "operations": entries}
    return json.dumps(found, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _entry(op: Operation, operation: ops.Operation, model: Device) -> Entry:
    entry: Entry = {
        "opcode": OPCODES[type(operation)],
        "source_op": op.name,
        "loc": _place(written_of(op.location)),
    }
    if isinstance(operation, ADDRESSED):
        entry["address"] = f"0x{operation.address:X}"
        entry |= _register(operation.address, model)
    return entry


def _register(address: int, model: Device) -> Entry:
    """The register at an address of the array, if one lies there."""
    col, row, offset = split_address(address)
    if not model.is_valid_tile(col, row):
        return {}
    name, module = _named(model.kind(col, row), offset, model.generation)
    return {"register": name, "register_module": module} if name else {}


@lru_cache
def _named(kind: TileKind, offset: int, generation: str) -> tuple[str, str]:
    """A register's name and its module's; "" for both where none lies, or memory does."""
    match = registers.find(kind, offset, generation)
    if match is None or match.register.size > WORD:
        return "", ""
    of = (m for m in MODULES[kind] if match.register in table(m, generation))
    return match.name, next(of).value


def _place(location: Attribute) -> Entry:
    """A location as MLIR has it, with what it is made of."""
    match location:
        case FileLineColLoc():
            place = {"line": location.line.data, "col": location.column.data}
            return {"kind": "file", "file": location.filename.data, **place}
        case NameLoc():
            child = _place(location.location)
            return {"kind": "name", "name": location.desc.data, "child": child}
        case FusedLoc() if isinstance(location.locations, ArrayAttr):
            return {"kind": "fused", "children": [_place(part) for part in location.locations]}
        case CallSiteLoc():
            callee, caller = _place(location.callee), _place(location.caller)
            return {"kind": "callsite", "callee": callee, "caller": caller}
    return {"kind": "unknown"}

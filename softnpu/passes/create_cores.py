"""`aie-create-cores`: functions that are called "at" a tile become its core (AIECreateCores.cpp).

A call with `aie.x` and `aie.y` stands for a core: its memrefs become buffers of that tile, its
scalars buffers of one element, and the function's body the core's.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import arith, func, memref
from xdsl.dialects.builtin import IntegerAttr, MemRefType, ModuleOp
from xdsl.ir import Attribute, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from softnpu.dialects.aie import BufferOp, CoreOp, DeviceOp, EndOp, MemOp, TileOp
from softnpu.dialects.source import design_error
from softnpu.passes.device_ops import of_type, region_of
from softnpu.passes.rewriting.ir import erase, insert_after, insert_before, same_location
from softnpu.passes.sequence_ops import Symbols, devices, get_or_create_tile

COLUMN, ROW = "aie.x", "aie.y"


@dataclass(frozen=True)
class CreateCoresPass(ModulePass):
    """Make cores of calls, with buffers for their arguments; a tile has one such call."""

    name = "aie-create-cores"

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            calls = [call for call in of_type(device, func.CallOp) if COLUMN in call.attributes]
            functions = [_outline(device, call) for call in calls]
            for function in dict.fromkeys(functions):
                erase(function)


def _outline(device: DeviceOp, call: func.CallOp) -> func.FuncOp:
    """Put a core into the place of a call; the function that was called."""
    function = Symbols(device).get(call.callee.root_reference.data)
    if not isinstance(function, func.FuncOp) or not function.body.blocks:
        raise design_error(call, f"'{call.callee}' has no body in this device, so it is no core")
    tile = get_or_create_tile(device, _number(call, COLUMN), _number(call, ROW))
    if tile.core_op is not None:
        raise design_error(
            call,
            f"tile {tile.position} has a core already: one call is one core",
            "call the other function from the first",
        )
    buffers = _buffers(tile, call)
    body = function.body.clone()
    _bind(body, buffers)
    core = same_location(CoreOp(tile=tile.result, body=body), call)
    insert_before(call, core)
    erase(call)
    return function


def _number(call: func.CallOp, name: str) -> int:
    found = call.attributes.get(name)
    if not isinstance(found, IntegerAttr):
        raise design_error(call, f"a call that is to be a core has {COLUMN} and {ROW}, its tile")
    return found.value.data


def _buffers(tile: TileOp, call: func.CallOp) -> list[SSAValue]:
    """A buffer for each argument; who else uses that memref, uses the buffer from now on."""
    made: list[Operation] = []
    buffers: list[SSAValue] = []
    for value in list(call.operands):
        if isinstance(value.owner, BufferOp):
            buffers.append(value)
            continue
        type: Attribute = value.type
        if not isinstance(type, MemRefType):
            type = MemRefType(type, [1])
        buffer = BufferOp(tile=tile.result, buffer_type=type)
        if isinstance(value.type, MemRefType):
            value.replace_all_uses_with(buffer.buffer)
        made.append(buffer)
        buffers.append(buffer.buffer)
    made.append(MemOp(tile=tile.result, body=region_of()))
    insert_after(tile, *made)
    return buffers


def _bind(body: Region, buffers: list[SSAValue]) -> None:
    """A function's body as a core's: buffers for its arguments, an end for its return."""
    entry = body.blocks[0]
    for argument, buffer in zip(list(entry.args), buffers, strict=True):
        if argument.type == buffer.type:
            argument.replace_all_uses_with(buffer)
        else:
            zero = arith.ConstantOp(IntegerAttr.from_index_int_value(0))
            loaded = memref.LoadOp.get(buffer, [zero.result])
            assert entry.first_op is not None
            entry.insert_ops_before([zero, loaded], entry.first_op)
            argument.replace_all_uses_with(loaded.results[0])
        entry.erase_arg(argument)
    for end in [op for op in body.walk() if isinstance(op, func.ReturnOp)]:
        insert_before(end, EndOp())
        erase(end)

"""`aie-standard-lowering`: cores become functions of MLIR's own dialects (AIECoreToStandard.cpp).

What a core does besides computing (locks, streams, the cascade, events) becomes calls of the
processor's intrinsics, buffers become globals, and the device is gone.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import func, memref
from xdsl.dialects.builtin import ModuleOp, StringAttr, VectorType, i32
from xdsl.ir import Attribute, Block, Operation
from xdsl.passes import ModulePass

from softnpu.dialects.aie import BufferOp, CoreOp, DeviceOp, EndOp
from softnpu.dialects.source import design_error
from softnpu.dialects.upstream.memref import GlobalOp
from softnpu.passes.core_intrinsics import LOWERED, Intrinsics
from softnpu.passes.device_ops import of_type
from softnpu.passes.rewriting.ir import erase, insert_before, same_location
from softnpu.passes.sequence_ops import devices, find_device, model_of

ANY = -1
BUFFER_ALIGNMENT = 32
"""Bytes at which buffers start, so that they can be read as vectors."""

_VECTOR = VectorType(i32, [16])
DECLARATIONS: tuple[tuple[str, tuple[Attribute, ...], tuple[Attribute, ...]], ...] = (
    ("event", (i32,), ()),
    ("put.ms", (i32, i32), ()),
    ("get.ss", (), (i32, i32)),
    ("mcd.write.vec", (_VECTOR, i32), ()),
    ("scd.read.vec", (i32,), (_VECTOR,)),
    ("acquire", (i32, i32), ()),
    ("release", (i32, i32), ()),
    ("set.ctrl.reg", (i32, i32), ()),
)
"""The intrinsics that are declared, used or not: name, arguments, results."""


@dataclass(frozen=True)
class StandardLoweringPass(ModulePass):
    """Turn one device's cores into functions `core_COL_ROW`; all devices are removed.

    Attributes:
        device: its symbol; "" for `main`, or for the only one.
        tilecol, tilerow: of the one core that is wanted, -1 for any. Only in that tile's buffers
            initial values stay.
    """

    name = "aie-standard-lowering"
    device: str = ""
    tilecol: int = ANY
    tilerow: int = ANY

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        device = find_device(op, self.device)
        generation = model_of(device).generation
        if (layout := device.attributes.get("dlti.dl_spec")) is not None:
            op.attributes["dlti.dl_spec"] = layout
        op.attributes["llvm.target_triple"] = StringAttr(generation)
        cores = [core for core in of_type(device, CoreOp) if self._wants(core.position)]
        bodies = [*cores, *of_type(device, func.FuncOp)]
        for body in bodies:
            _lower_ops(body, Intrinsics(generation))
        _put_first(op.body.block, _declarations(generation))
        for buffer in of_type(device, BufferOp):
            _put_first(op.body.block, [self._global_of(buffer)])
        _move_out(device, memref.GlobalOp)
        _move_out(device, func.FuncOp)
        for core in cores:
            op.body.block.insert_op_after(_function(core), device)
        for each in devices(op):
            erase(each)

    def _wants(self, position: tuple[int, int]) -> bool:
        wanted = zip((self.tilecol, self.tilerow), position, strict=True)
        return all(number in (ANY, found) for number, found in wanted)

    def _global_of(self, buffer: BufferOp) -> Operation:
        """The global for a buffer, which its users fetch from now on."""
        if buffer.sym_name is None:
            raise design_error(
                buffer, "this buffer has no name: run aie-assign-buffer-addresses first"
            )
        for use in list(buffer.buffer.uses):
            fetched = memref.GetGlobalOp(buffer.sym_name, buffer.buffer_type)
            aligned = memref.AssumeAlignmentOp(fetched.memref, BUFFER_ALIGNMENT)
            insert_before(use.operation, fetched, aligned)
            for made in (fetched, aligned):
                same_location(made, buffer)
            use.operation.operands[use.index] = fetched.memref
        properties: dict[str, Attribute] = {
            "sym_name": StringAttr(buffer.sym_name),
            "sym_visibility": StringAttr("public"),
            "type": buffer.buffer_type,
        }
        if buffer.initial_value is not None and self._wants(buffer.position):
            properties["initial_value"] = buffer.initial_value
        return same_location(GlobalOp.create(properties=properties), buffer)


def _lower_ops(body: Operation, intrinsics: Intrinsics) -> None:
    for op in list(body.walk()):
        if (lower := LOWERED.get(op.name)) is not None:
            lower(intrinsics, op)
        elif op.name.startswith(("aie.", "aiex.")) and not isinstance(op, (CoreOp, EndOp)):
            raise design_error(
                op,
                f"'{op.name}' cannot become a function's op",
                "lower it first: aie-standard-lowering runs behind the passes of "
                "aiecc's input_with_addresses.mlir",
            )


def _declarations(generation: str) -> list[Operation]:
    debug = func.FuncOp.external("debug_i32", [i32], [])
    named = (
        func.FuncOp.external(f"llvm.{generation}.{name}", list(arguments), list(results))
        for name, arguments, results in DECLARATIONS
    )
    return [debug, *named]


def _put_first(block: Block, ops: list[Operation]) -> None:
    assert block.first_op is not None
    block.insert_ops_before(ops, block.first_op)


def _move_out(device: DeviceOp, kind: type[Operation]) -> None:
    parent = device.parent_block()
    assert parent is not None
    for op in of_type(device, kind):
        device.body.detach_op(op)
        parent.insert_op_before(op, device)


def _function(core: CoreOp) -> func.FuncOp:
    col, row = core.position
    for op in core.walk():
        for value in op.operands if op is not core else ():
            owner = value.owner
            if not core.is_ancestor(owner):
                raise design_error(
                    op,
                    f"core {core.position} uses a value from outside, which its function lacks",
                    "make the value in the core",
                )
    region = core.detach_region(core.body)
    for end in [op for op in region.walk() if isinstance(op, EndOp)]:
        insert_before(end, func.ReturnOp())
        erase(end)
    made = func.FuncOp(f"core_{col}_{row}", ((), ()), region)
    return same_location(made, core)

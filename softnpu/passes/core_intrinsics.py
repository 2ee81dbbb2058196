"""What a core does besides computing, as calls of the processor's intrinsics.

(mlir-aie, AIECoreToStandard.cpp; the intrinsics are those of Peano's AIE backend.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xdsl.dialects import arith, func
from xdsl.dialects.builtin import IntegerType, VectorType, f32, i32
from xdsl.dialects.vector import BitcastOp
from xdsl.ir import Attribute, Operation, SSAValue

from softnpu.dialects.aie import (
    DebugOp,
    EventOp,
    GetCascadeOp,
    GetStreamOp,
    LockOp,
    PutCascadeOp,
    PutStreamOp,
    UseLockOp,
)
from softnpu.dialects.scalars import scalar
from softnpu.dialects.source import design_error
from softnpu.passes.rewriting.ir import erase, insert_before

CASCADE_TYPE = VectorType(i32, [16])
WIDE_STREAM = IntegerType(128)


class Intrinsics:
    """Puts calls into the places of ops, for one generation of cores.

    Attributes:
        generation: "aie2" or "aie2p", a part of the intrinsics' names.
    """

    def __init__(self, generation: str) -> None:
        self.generation = generation

    def debug(self, op: DebugOp) -> None:
        self._replace(op, [], func.CallOp("debug_i32", [op.arg], []))

    def event(self, op: EventOp) -> None:
        self._replace(op, [], self._call("event", [scalar(op.val)]))

    def put_stream(self, op: PutStreamOp) -> None:
        self._check_stream(op, op.stream_value.type)
        last = scalar(0)
        self._replace(op, [], self._call("put.ms", [op.stream_value, last]))

    def get_stream(self, op: GetStreamOp) -> None:
        self._check_stream(op, op.stream_value.type)
        call = self._call("get.ss", [], i32, i32)
        op.stream_value.replace_all_uses_with(call.results[0])
        self._replace(op, [], call)

    def put_cascade(self, op: PutCascadeOp) -> None:
        value, before = _cast(op.cascade_value, CASCADE_TYPE)
        self._replace(op, before, self._call("mcd.write.vec", [value, scalar(1)]))

    def get_cascade(self, op: GetCascadeOp) -> None:
        call = self._call("scd.read.vec", [scalar(1)], CASCADE_TYPE)
        value, behind = _cast(call.results[0], op.cascade_value.type)
        op.cascade_value.replace_all_uses_with(value)
        self._replace(op, [], call, *behind)

    def use_lock(self, op: UseLockOp) -> None:
        """The lock is a number already; a negative value waits for at least as much."""
        if isinstance(op.lock.owner, LockOp):
            raise design_error(
                op, "this lock has no number of the core's: run aie-localize-locks first"
            )
        number = arith.IndexCastOp(op.lock, i32)
        before: list[Operation] = [number]
        value = op.operands[1]
        if op.acquire_ge:
            negative = arith.SubiOp(scalar(0), value)
            before.append(negative)
            value = negative.result
        name = "release" if op.release else "acquire"
        self._replace(op, before, self._call(name, [number.result, value]))

    def _call(self, name: str, arguments: list[SSAValue], *results: Attribute) -> func.CallOp:
        return func.CallOp(f"llvm.{self.generation}.{name}", arguments, list(results))

    def _check_stream(self, op: Operation, type: Attribute) -> None:
        if type in (WIDE_STREAM, f32):
            raise design_error(
                op,
                f"{self.generation.upper()} cores have no stream of {type}",
                "streams carry i32",
            )

    def _replace(self, op: Operation, before: list[Operation], *new: Operation) -> None:
        insert_before(op, *before, *new)
        erase(op)


def _cast(value: SSAValue, type: Attribute) -> tuple[SSAValue, list[Operation]]:
    """The value in another type of as many bits, and the ops for that."""
    if value.type == type:
        return value, []
    made = BitcastOp.build(operands=[value], result_types=[type])
    return made.results[0], [made]


LOWERED: dict[str, Callable[[Intrinsics, Any], None]] = {
    DebugOp.name: Intrinsics.debug,
    EventOp.name: Intrinsics.event,
    GetCascadeOp.name: Intrinsics.get_cascade,
    GetStreamOp.name: Intrinsics.get_stream,
    PutCascadeOp.name: Intrinsics.put_cascade,
    PutStreamOp.name: Intrinsics.put_stream,
    UseLockOp.name: Intrinsics.use_lock,
}
"""How each op of a core becomes calls."""

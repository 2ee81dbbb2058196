"""aie ops in a core's body, and calls: locks, streams, cascade, events, kernels.

Sources: mlir-aie, AIELocalizeLocks.cpp (lock numbers) and AIECoreToStandard.cpp (what each op
becomes and with which values).
"""

from __future__ import annotations

from typing import cast

from xdsl.dialects import func
from xdsl.dialects.builtin import MemRefType
from xdsl.ir import Operation, SSAValue

from softnpu.dialects.aie import EventOp, LockOp, UseLockOp
from softnpu.dialects.scalars import number_of
from softnpu.dialects.source import design_error
from softnpu.targets.core_c import expr as c
from softnpu.targets.core_c.expr import Expr
from softnpu.targets.core_c.function import Function, statement_op
from softnpu.targets.core_c.memory import layout_of
from softnpu.targets.core_c.types import CASCADE_BITS, I32

INTRINSICS = {
    "acquire": "npu_acquire",
    "release": "npu_release",
    "put.ms": "npu_put_stream",
    "event": "npu_event",
    "set.ctrl.reg": "npu_set_control_register",
}
"""Intrinsics that a design calls by name, after `llvm.aie2.` or `llvm.aie2p.`."""


@statement_op("aie.use_lock")
def use_lock(f: Function, op: Operation) -> None:
    use = cast(UseLockOp, op)
    owner = use.lock.owner
    if not isinstance(owner, LockOp):
        number = c.cast("uint32_t", f.expr(use.lock))
        name = ""
    else:
        number = c.literal(f.unit.lock_number(owner, use))
        name = owner.sym_name or f"lock {owner.lock_id} of tile {owner.position}"
    call = "npu_release" if use.release else "npu_acquire"
    # The hardware's acquire with "at least" takes a negative value.
    sign = -1 if use.acquire_ge else 1
    known = number_of(use.value)
    value = c.literal(sign * known) if known is not None else f.expr(use.value)
    if known is None and use.acquire_ge:
        value = c.binary("-", c.literal(0), value, c.Prec.ADD)
    f.line(f"{call}({{}}, {{}});{_comment(name)}", number, value)


def _comment(name: str) -> str:
    return f" /* {name} */" if name else ""


@statement_op("aie.event")
def event(f: Function, op: Operation) -> None:
    f.line(f"npu_event({cast(EventOp, op).val});")


@statement_op("aie.debug")
def debug(f: Function, op: Operation) -> None:
    if f.type(op.operands[0]) != I32:
        raise f.unsupported(op, f"of a {op.operands[0].type}, only of an i32,")
    f.line("npu_debug_i32({});", f.expr(op.operands[0]))


@statement_op("aie.put_stream")
def put_stream(f: Function, op: Operation) -> None:
    """The channel says nothing on AIE2: a core has one stream port each way."""
    value = op.operands[1]
    if f.type(value) != I32:
        raise f.unsupported(op, f"of a {value.type} (mlir-aie has it for AIE1 only)")
    f.line("npu_put_stream({}, 0);", f.expr(value))


@statement_op("aie.get_stream")
def get_stream(f: Function, op: Operation) -> None:
    if f.type(op.results[0]) != I32:
        raise f.unsupported(op, f"of a {op.results[0].type} (mlir-aie has it for AIE1 only)")
    f.values[op.results[0]] = f.store(c.cast("int32_t", Expr("npu_get_stream()")), I32, "word")


@statement_op("aie.put_cascade")
def put_cascade(f: Function, op: Operation) -> None:
    value = op.operands[0]
    _check_cascade(op, 8 * f.type(value).size)
    f.line("npu_put_cascade(&{});", f.store(f.expr(value), f.type(value), "sent"))


@statement_op("aie.get_cascade")
def get_cascade(f: Function, op: Operation) -> None:
    type = f.type(op.results[0])
    _check_cascade(op, 8 * type.size)
    name = f.names.take("received")
    f.writer.declare(type, name)
    f.writer.line(f"npu_get_cascade(&{name});")
    f.values[op.results[0]] = c.variable(name)


def _check_cascade(op: Operation, bits: int) -> None:
    if bits != CASCADE_BITS:
        raise design_error(op, f"a cascade transfer has {CASCADE_BITS} bits, this value {bits}")


@statement_op("func.call")
def call(f: Function, op: Operation) -> None:
    called = cast(func.CallOp, op)
    symbol = called.callee.root_reference.data
    if symbol == "debug_i32" or symbol.startswith(("llvm.aie2.", "llvm.aie2p.")):
        _intrinsic(f, called, symbol)
        return
    name, function = f.unit.callee(called)
    expected = list(function.function_type.inputs)
    if [value.type for value in called.arguments] != expected:
        raise design_error(op, f"'@{symbol}' is declared with ({', '.join(map(str, expected))})")
    arguments = []
    for value in called.arguments:
        if not isinstance(value.type, MemRefType):
            arguments.append(f.expr(value))
        elif function.is_declaration:
            arguments.append(_bare_pointer(f, value, op, symbol))
        else:
            layout_of(value.type, op)
            arguments.append(f.memref(value).base)
    _called(f, called, c.call(name, *arguments))


def _called(f: Function, op: func.CallOp, made: Expr) -> None:
    if not op.results:
        f.line("{};", made)
        return
    result = op.results[0]
    if isinstance(result.type, MemRefType):
        raise f.unsupported(op, "that returns a memref")
    if result.first_use is None:
        f.line("{};", made)
    else:
        f.values[result] = f.store(made, f.type(result), result.name_hint or "result")


def _intrinsic(f: Function, op: func.CallOp, symbol: str) -> None:
    """A call of an intrinsic as mlir-aie's own lowering writes it."""
    short = symbol.removeprefix("llvm.aie2p.").removeprefix("llvm.aie2.")
    arguments = [f.expr(value) for value in op.arguments]
    if symbol == "debug_i32":
        f.line("npu_debug_i32({});", *arguments)
    elif short in INTRINSICS:
        f.line("{};", c.call(INTRINSICS[short], *arguments))
    elif short == "mcd.write.vec":
        type = f.type(op.arguments[0])
        f.line("npu_put_cascade(&{});", f.store(arguments[0], type, "sent"))
    elif short == "scd.read.vec":
        name = f.names.take("received")
        f.writer.declare(f.type(op.results[0]), name)
        f.writer.line(f"npu_get_cascade(&{name});")
        f.values[op.results[0]] = c.variable(name)
    elif short == "get.ss":
        last = f.names.take("last")
        f.writer.line(f"int {last};")
        word = f.store(c.cast("int32_t", Expr(f"npu_get_stream_last(&{last})")), I32, "word")
        f.values[op.results[0]] = word
        f.values[op.results[1]] = c.variable(last)
    else:
        raise design_error(op, f"the intrinsic '{symbol}' is not supported in a core's body")


@statement_op("cf.assert")
def check(f: Function, op: Operation) -> None:
    """A failed assertion stops the core."""
    with f.writer.block(f"if ({c.negated(f.expr(op.operands[0]))})"):
        f.writer.line("__builtin_trap();")


def _bare_pointer(function: Function, value: SSAValue, op: Operation, callee: str) -> Expr:
    """A memref as an argument of a C function: the pointer to its first element.

    mlir-aie hands the base pointer over and drops the offset (its calls use MLIR's bare-pointer
    convention), so an offset would be lost without a word: here it is an error.
    """
    type = cast(MemRefType, value.type)
    memref = function.memref(value)
    layout = layout_of(type, op)
    if not layout.is_static:
        raise design_error(
            op,
            f"'{callee}' is called with a {type}, whose place or shape only the run knows; "
            "calls hand over a bare pointer, so both must be part of the type",
            "pass the whole buffer and the offset as an index or i32 argument",
        )
    if memref.offset.literal != 0:
        raise design_error(
            op,
            f"'{callee}' would get the buffer's start instead of the element at "
            f"{memref.offset}: calls hand over a bare pointer without the offset",
            "pass the whole buffer and the offset as an index or i32 argument",
        )
    return memref.base

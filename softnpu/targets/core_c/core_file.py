"""One core's C file, line by line: what it declares, the core's function and those it calls."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from xdsl.dialects import func
from xdsl.dialects.builtin import MemRefType
from xdsl.ir import Operation, SSAValue

from softnpu.dialects.source import design_error, location_of
from softnpu.targets.core_c import expr as c
from softnpu.targets.core_c.control import RegionWriter
from softnpu.targets.core_c.function import Function
from softnpu.targets.core_c.memory import layout_of, static_memref
from softnpu.targets.core_c.unit import Unit
from softnpu.targets.core_c.writer import Row


def render(unit: Unit, origin: str) -> list[Row]:
    """The whole file; `origin` is the design that it is made from."""
    unit.names.take(unit.core_function)
    body = [*_core_function(unit), *_other_functions(unit)]
    head = [
        f"/* The program of core {unit.core.position} ({unit.device_op.device.name}), made by",
        f" * npuforge from {origin}. */",
        "",
        '#include "core_support.h"',
        "",
        *unit.declarations(),
    ]
    return [*((line, None) for line in head), *body]


def _core_function(unit: Unit) -> Iterator[Row]:
    function = Function(unit)
    RegionWriter(function, unit.core.body, partial(_leave_core, function)).write()
    yield from _braced(f"void {unit.core_function}(void)", function, unit.core)


def _other_functions(unit: Unit) -> Iterator[Row]:
    while (op := unit.next_function()) is not None:
        yield "", None
        yield from _function(unit, op)


def _function(unit: Unit, op: func.FuncOp) -> Iterator[Row]:
    function = Function(unit)
    arguments = []
    for argument in op.body.blocks[0].args:
        name = function.names.take(argument.name_hint or "arg")
        arguments.append(name)
        _bind_argument(function, argument, name, op)
    RegionWriter(function, op.body, partial(_leave_function, function)).write()
    name, _ = unit.function(op.sym_name.data, op)
    yield from _braced(unit.signature(op, name, arguments), function, op)


def _braced(head: str, function: Function, op: Operation) -> Iterator[Row]:
    origin = location_of(op)
    yield f"{head} {{", origin
    yield from function.writer.render()
    yield "}", origin


def _bind_argument(function: Function, argument: SSAValue, name: str, op: func.FuncOp) -> None:
    type = argument.type
    if not isinstance(type, MemRefType):
        function.values[argument] = c.variable(name)
        return
    layout = layout_of(type, op)
    if not layout.is_static:
        raise design_error(
            op, f"'@{op.sym_name.data}' takes a {type}, whose shape or place is not fixed"
        )
    element = function.unit.element(type, op)
    function.values[argument] = static_memref(c.variable(name), element, layout)


def _leave_core(function: Function, op: Operation, final: bool) -> None:
    if op.name != "aie.end":
        raise function.unsupported(op, "at the end of a core's body")
    if not final:
        function.line("return;")


def _leave_function(function: Function, op: Operation, final: bool) -> None:
    if not isinstance(op, func.ReturnOp):
        raise function.unsupported(op)
    if op.arguments:
        function.line("return {};", function.expr(op.arguments[0]))
    elif not final:
        function.line("return;")

"""func: printed as MLIR does."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from xdsl.dialects import func
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, FunctionType
from xdsl.ir import Attribute, Dialect, Operation
from xdsl.parser import Parser
from xdsl.printer import Printer

from softnpu.dialects.upstream import with_ops
from softnpu.dialects.upstream.forms import unchecked

CallOp = unchecked(func.CallOp)


def print_func(printer: Printer, op: Operation) -> None:
    """`private @name(%arg0: i32) -> i32 attributes {...} { ... }`"""
    function = cast(func.FuncOp, op)
    if function.sym_visibility is not None:
        printer.print_string(f" {function.sym_visibility.data}")
    printer.print_string(" ")
    printer.print_symbol_name(function.sym_name.data)
    _print_signature(printer, function)
    printer.print_op_attributes(dict(sorted(function.attributes.items())), print_keyword=True)
    if function.body.blocks:
        printer.print_string(" ")
        printer.print_region(function.body, print_entry_block_args=False, print_empty_block=False)


def _print_signature(printer: Printer, function: func.FuncOp) -> None:
    arg_attrs = function.arg_attrs
    arguments = function.body.blocks[0].args if function.body.blocks else None
    with printer.in_parens():
        for index, type in enumerate(function.function_type.inputs.data):
            if index:
                printer.print_string(", ")
            if arguments is not None:
                printer.print_block_argument(arguments[index])
            else:
                printer.print_attribute(type)
            _print_dictionary(printer, arg_attrs, index)
    outputs = function.function_type.outputs.data
    if not outputs:
        return
    printer.print_string(" -> ")
    plain = len(outputs) == 1 and not isinstance(outputs[0], FunctionType)
    if plain and function.res_attrs is None:
        printer.print_attribute(outputs[0])
        return
    with printer.in_parens():
        for index, type in enumerate(outputs):
            if index:
                printer.print_string(", ")
            printer.print_attribute(type)
            _print_dictionary(printer, function.res_attrs, index)


def _print_dictionary(
    printer: Printer, dictionaries: ArrayAttr[DictionaryAttr] | None, index: int
) -> None:
    if dictionaries is not None and (entries := dictionaries.data[index].data):
        printer.print_op_attributes(cast("dict[str, Attribute]", entries))


PARSERS: dict[str, Callable[[Parser], Operation]] = {}
PRINTERS: dict[str, Callable[[Printer, Operation], None]] = {"func.func": print_func}


def dialect() -> Dialect:
    """func with a call whose callee our rules look up."""
    return with_ops(func.Func, CallOp)

"""Ops of MLIR's own dialects whose custom syntax xDSL lacks, or has otherwise than MLIR.

Parsers and printers by op name, used by `DesignParser` and `AsmPrinter`; the op classes stay
xDSL's, so that passes meet one class however an op came about.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from xdsl.dialects import memref
from xdsl.dialects.builtin import FunctionType, MemRefType, StringAttr, UnitAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Operation
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from softnpu.dialects.directives import parse_elements, print_without_type, tensor_of


class GlobalOp(memref.GlobalOp):
    """As xDSL's, but a global may be public without saying so, and be declared only."""

    def verify_(self) -> None:
        if not isinstance(self.properties.get("type"), MemRefType):
            raise VerifyException("a global is a memref of static shape")


def parse_global(parser: Parser) -> Operation:
    """`"private" constant @name : memref<...> = dense<...>`"""
    properties: dict[str, Attribute] = {}
    if (visibility := parser.parse_optional_str_literal()) is not None:
        properties["sym_visibility"] = StringAttr(visibility)
    if parser.parse_optional_keyword("constant") is not None:
        properties["constant"] = UnitAttr()
    properties["sym_name"] = parser.parse_symbol_name()
    parser.parse_punctuation(":")
    type = properties["type"] = parser.parse_type()
    if not isinstance(type, MemRefType):
        parser.raise_error(f"a global is a memref, found {type}")
    if parser.parse_optional_punctuation("=") is not None:
        if parser.parse_optional_keyword("uninitialized") is not None:
            properties["initial_value"] = UnitAttr()
        else:
            properties["initial_value"] = parse_elements(parser, tensor_of(type))
    attributes = parser.parse_optional_attr_dict()
    if "alignment" in attributes:
        properties["alignment"] = attributes.pop("alignment")
    return GlobalOp.create(properties=properties, attributes=attributes)


def print_global(printer: Printer, op: Operation) -> None:
    properties = op.properties
    if (visibility := cast("StringAttr | None", properties.get("sym_visibility"))) is not None:
        printer.print_string(" ")
        printer.print_string_literal(visibility.data)
    if "constant" in properties:
        printer.print_string(" constant")
    printer.print_string(" ")
    printer.print_symbol_name(cast(StringAttr, properties["sym_name"]).data)
    printer.print_string(" : ")
    printer.print_attribute(properties["type"])
    if (value := properties.get("initial_value")) is not None:
        printer.print_string(" = ")
        if isinstance(value, UnitAttr):
            printer.print_string("uninitialized")
        else:
            print_without_type(printer, value)
    rest = {**op.attributes}
    if (alignment := properties.get("alignment")) is not None:
        rest["alignment"] = alignment
    printer.print_op_attributes(dict(sorted(rest.items())))


def print_func(printer: Printer, op: Operation) -> None:
    """`private @name(%arg0: i32) -> i32 attributes {...} { ... }`"""
    function = cast(FuncOp, op)
    if function.sym_visibility is not None:
        printer.print_string(f" {function.sym_visibility.data}")
    printer.print_string(" ")
    printer.print_symbol_name(function.sym_name.data)
    with printer.in_parens():
        if function.body.blocks:
            printer.print_list(function.body.block.args, printer.print_block_argument)
        else:
            printer.print_list(function.function_type.inputs.data, printer.print_attribute)
    if outputs := function.function_type.outputs.data:
        printer.print_string(" -> ")
        if len(outputs) == 1 and not isinstance(outputs[0], FunctionType):
            printer.print_attribute(outputs[0])
        else:
            with printer.in_parens():
                printer.print_list(outputs, printer.print_attribute)
    printer.print_op_attributes(dict(sorted(function.attributes.items())), print_keyword=True)
    if function.body.blocks:
        printer.print_string(" ")
        printer.print_region(function.body, print_entry_block_args=False, print_empty_block=False)


PARSERS: dict[str, Callable[[Parser], Operation]] = {
    "memref.global": parse_global,
}

PRINTERS: dict[str, Callable[[Any, Operation], None]] = {
    "func.func": print_func,
    "memref.global": print_global,
}

REPLACED: tuple[type[Operation], ...] = (GlobalOp,)
"""Op classes that stand in for xDSL's of the same name."""

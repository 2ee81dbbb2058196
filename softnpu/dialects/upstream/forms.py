"""Syntax that many upstream ops share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xdsl.dialects.builtin import UnitAttr
from xdsl.ir import Attribute, Operation, OpResult
from xdsl.irdl import traits_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import Pure

from softnpu.dialects.opdef import DefinedOp, result, result_type


class PureOp(DefinedOp):
    """An op that does nothing but give a value, whose type its text says or lets infer."""

    name = ""
    result_type: Attribute = result_type()
    result: OpResult = result()
    traits = traits_def(Pure())


def unchecked(cls: type[Operation], **members: Any) -> type[Operation]:
    """A subclass of an xDSL op without its checks, which ours replace (softnpu/dialects/rules)."""

    def verify_(self: Operation) -> None:  # noqa: ARG001
        return None

    return type(cls.__name__, (cls,), {"verify_": verify_, "__module__": __name__, **members})


def parse_conversion(
    cls: type[Operation], word: Any = "to", flag: tuple[str, str] | None = None
) -> Callable[[Parser], Operation]:
    """A parser of `%value [flag] {attributes} : type to type`; `flag`: its keyword and property."""

    def parse(parser: Parser) -> Operation:
        value = parser.parse_unresolved_operand()
        properties: dict[str, Attribute] = {}
        if flag and parser.parse_optional_keyword(flag[0]) is not None:
            properties[flag[1]] = UnitAttr()
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        source = parser.parse_type()
        if word == "->":
            parser.parse_punctuation(word)
        else:
            parser.parse_keyword(word)
        return cls.create(
            operands=[parser.resolve_operand(value, source)],
            result_types=[parser.parse_type()],
            properties=properties,
            attributes=attributes,
        )

    return parse


def print_conversion(
    word: str = "to", flag: tuple[str, str] | None = None
) -> Callable[[Printer, Operation], None]:
    """The printer that goes with `parse_conversion`."""

    def write(printer: Printer, op: Operation) -> None:
        printer.print_string(" ")
        printer.print_ssa_value(op.operands[0])
        if flag and flag[1] in op.properties:
            printer.print_string(f" {flag[0]}")
        print_attributes(printer, op)
        printer.print_string(" : ")
        printer.print_attribute(op.operands[0].type)
        printer.print_string(f" {word} ")
        printer.print_attribute(op.results[0].type)

    return write


def print_attributes(printer: Printer, op: Operation, *properties: str) -> None:
    """The attribute dictionary, sorted as MLIR does, with the named properties in it."""
    shown = {name: op.properties[name] for name in properties if name in op.properties}
    printer.print_op_attributes(dict(sorted({**op.attributes, **shown}.items())))

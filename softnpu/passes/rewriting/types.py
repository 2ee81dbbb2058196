"""Giving values and attributes other types, in place."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr
from xdsl.ir import Attribute, Block, Data, Operation, ParametrizedAttribute, SSAValue
from xdsl.rewriter import Rewriter

Convert = Callable[[Attribute], Attribute]
"""What becomes of a type (or another attribute); itself where nothing does."""


def retype_results(op: Operation, convert: Convert) -> None:
    """Convert the types of an op's results."""
    for result in list(op.results):
        _retype(result, convert)


def retype_arguments(block: Block, convert: Convert) -> None:
    """Convert the types of a block's arguments."""
    for argument in list(block.args):
        _retype(argument, convert)


def retype_attributes(op: Operation, convert: Convert) -> None:
    """Convert the types among an op's properties and attributes, however deep."""
    for stored in (op.properties, op.attributes):
        for name, attribute in stored.items():
            stored[name] = converted(attribute, convert)


def converted(attribute: Attribute, convert: Convert) -> Attribute:
    """An attribute with what it is made of converted first, then itself."""
    if isinstance(attribute, ParametrizedAttribute):
        parts = [converted(part, convert) for part in attribute.parameters]
        if parts != list(attribute.parameters):
            attribute = type(attribute).new(parts)
    elif isinstance(attribute, ArrayAttr):
        attribute = ArrayAttr([converted(part, convert) for part in attribute.data])
    elif isinstance(attribute, DictionaryAttr):
        attribute = DictionaryAttr({k: converted(v, convert) for k, v in attribute.data.items()})
    elif isinstance(attribute, Data) and isinstance(attribute.data, Attribute):
        attribute = type(attribute)(converted(attribute.data, convert))
    return convert(attribute)


def _retype(value: SSAValue, convert: Convert) -> None:
    type = converted(value.type, convert)
    if type != value.type:
        Rewriter.replace_value_with_new_type(value, type)

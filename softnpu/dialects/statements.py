"""Statements that say what an earlier one said: read once, made again.

A long sequence is many lines that differ in the names of their values alone. What the first of
them was read as, by the op's own syntax, is what the others are: an op of the same class with the
same attributes and types. Constants differ in their numbers, and are told by their types; some
other ops, by all but the number that stands in a certain place (see `VARYING`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import IndexType, IntegerType
from xdsl.ir import Attribute, Operation, SSAValue

from softnpu.dialects.fields import Fielded
from softnpu.dialects.making import integer, made

LINE = re.compile(
    r"(?:%(?P<result>[\w$.-]+) = )?(?P<op>[a-z]\w*\.[\w.]+)(?P<rest>[^\n\"/]*)\n"
    r"[ \t\n]*(?=[%}]|[a-z]\w*\.)",
    re.ASCII,
)
"""A statement on a line of its own: what follows can only be another one, or the region's end.

Lines with strings or comments, in which a name of a value need not be one, are none."""

VALUE = re.compile(r"%([\w$.-]+)", re.ASCII)
CONSTANT = re.compile(r" (-?[0-9]+) (: (?:i[0-9]+|index))", re.ASCII)

VARYING = {
    "aie.dma_bd": re.compile(r"(?<= offset = )[0-9]{1,9}(?= )"),
    "aiex.npu.dma_memcpy_nd": re.compile(r"(?<=^\(%)\[[0-9]{1,18}(?:, ?[0-9]{1,18})*\]"),
}
"""Where an op has the number, or the list of numbers, in which others differ (`Fielded.varies`),
the names of its values being left out."""
NUMBER = "\0"
"""Stands for it in a text that is known."""

Values = dict[str, Any]
"""The parser's: names of values, and the values of that name."""


@dataclass(frozen=True)
class Statement:
    """What a line was read as."""

    op: type[Operation]
    operand_types: tuple[Attribute, ...]
    result_types: tuple[Attribute, ...]
    properties: dict[str, Attribute]
    attributes: dict[str, Attribute]

    def make(
        self, names: Sequence[str], values: Values, varied: Mapping[str, Attribute]
    ) -> Operation | None:
        """The same of other values, some attributes `varied`; None if a value is not known, or is
        of another type."""
        operands: list[SSAValue] = []
        for name, type in zip(names, self.operand_types, strict=True):
            found = values.get(name)
            if found is None or (found[0].type is not type and found[0].type != type):
                return None
            operands.append(found[0])
        properties = {**self.properties, **varied} if varied else self.properties
        return made(self.op, operands, self.result_types, properties, self.attributes)


@dataclass(frozen=True)
class Written:
    """What follows an op's name, without the names of values: all of it, and without the number in
    which others differ, where there is one."""

    whole: str
    but_for_number: str | None
    number: str

    @classmethod
    def of(cls, name: str, rest: str) -> Written:
        whole = VALUE.sub("%", rest)
        found = place.search(whole) if (place := VARYING.get(name)) else None
        if found is None:
            return cls(name + whole, None, "")
        left = f"{name}{whole[: found.start()]}{NUMBER}{whole[found.end() :]}"
        return cls(name + whole, left, found[0])

    def varied(self, op: type[Operation]) -> dict[str, Attribute]:
        """The attribute of the number, as the op has it."""
        if not issubclass(op, Fielded) or not self.number:
            return {}
        field = op.attr_fields[op.varies]
        numbers = [int(number) for number in self.number.strip("[]").split(",")]
        return {field.mlir: field.codec.store(numbers if self.number[0] == "[" else numbers[0])}


class Statements:
    """The lines of one text that have been read."""

    def __init__(self) -> None:
        self._known: dict[str | None, Statement] = {}
        self._constants: dict[str, IntegerType | IndexType] = {}

    def again(self, line: re.Match[str], values: Values) -> Operation | None:
        """The op of a line, if an earlier one was like it."""
        name, rest = line["op"], line["rest"]
        if name == ConstantOp.name:
            return self._constant(rest)
        written, names = Written.of(name, rest), VALUE.findall(rest)
        if (known := self._known.get(written.whole)) is not None:
            return known.make(names, values, {})
        if (known := self._known.get(written.but_for_number)) is not None:
            return known.make(names, values, written.varied(known.op))
        return None

    def _constant(self, rest: str) -> Operation | None:
        written = CONSTANT.fullmatch(rest)
        type = self._constants.get(written[2]) if written else None
        if written is None or type is None:
            return None
        number = int(written[1])
        if isinstance(type, IntegerType):
            fitting = type.normalized_value(number)
            if fitting is None:
                return None
            number = fitting
        return made(ConstantOp, (), (type,), {"value": integer(number, type)})

    def learn(self, line: re.Match[str], op: Operation, values: Values) -> None:
        """Remember what a line, and no more than it, was read as.

        Its operands must be the values that it names, in their order: then it is plain which
        stands for which in another one.
        """
        rest = line["rest"]
        if op.regions or op.successors or "loc(" in rest:
            return
        names = VALUE.findall(rest)
        named = [values[name][0] if name in values else None for name in names]
        if named != list(op.operands) or len(set(names)) < len(names):
            return
        if isinstance(op, ConstantOp):
            self._learn_constant(rest, op)
            return
        written = Written.of(line["op"], rest)
        varied = written.varied(type(op))
        varies = varied and varied.items() <= op.properties.items()
        self._known[written.but_for_number if varies else written.whole] = Statement(
            type(op),
            tuple(value.type for value in op.operands),
            tuple(op.result_types),
            dict(op.properties),
            dict(op.attributes),
        )

    def _learn_constant(self, rest: str, op: ConstantOp) -> None:
        written, type = CONSTANT.fullmatch(rest), op.result.type
        if written is not None and isinstance(type, IntegerType | IndexType):
            self._constants[written[2]] = type

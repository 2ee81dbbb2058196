"""math: the tests for special values, which xDSL does not have."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects import math
from xdsl.dialects.builtin import VectorType, i1
from xdsl.ir import Dialect, Operation, SSAValue
from xdsl.parser import Parser
from xdsl.printer import Printer

from softnpu.dialects.opdef import operand
from softnpu.dialects.parts import Parts
from softnpu.dialects.upstream import with_ops
from softnpu.dialects.upstream.forms import PureOp


class ClassOp(PureOp):
    """Whether a value, or each of a vector, is of some class."""

    name = ""
    operand: SSAValue = operand()
    syntax = "$operand attr-dict `:` type($operand)"

    @classmethod
    def infer_types(cls, parts: Parts) -> None:
        type = parts.types["operand"][0]
        if isinstance(type, VectorType):
            parts.types["result"] = [VectorType(i1, type.get_shape())]
        else:
            parts.types["result"] = [i1]


class IsNaNOp(ClassOp):
    """Whether a value is not a number."""

    name = "math.isnan"


class IsInfOp(ClassOp):
    """Whether a value is infinite."""

    name = "math.isinf"


class IsFiniteOp(ClassOp):
    """Whether a value is finite."""

    name = "math.isfinite"


class IsNormalOp(ClassOp):
    """Whether a value is a normal number."""

    name = "math.isnormal"


PARSERS: dict[str, Callable[[Parser], Operation]] = {}
PRINTERS: dict[str, Callable[[Printer, Operation], None]] = {}


def dialect() -> Dialect:
    """math with our ops in it."""
    return with_ops(math.Math, IsNaNOp, IsInfOp, IsFiniteOp, IsNormalOp)

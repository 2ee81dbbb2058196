"""Ops without xDSL's own checks."""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.dialects.builtin import VectorType, i8, i32
from xdsl.dialects.test import TestOp as Source

from softnpu.dialects.upstream.forms import unchecked


def test_an_unchecked_op_is_still_the_op() -> None:
    relaxed = unchecked(arith.ExtSIOp)
    (value,) = Source(result_types=[VectorType(i8, [4])]).results
    op = relaxed.create(operands=[value], result_types=[VectorType(i32, [4])])
    op.verify_()
    assert isinstance(op, arith.ExtSIOp)
    assert op.name == "arith.extsi"

"""Syntax strings: what they ask for is read and written, with MLIR's blanks."""

from __future__ import annotations

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, i32
from xdsl.ir import Dialect, OpResult, SSAValue

from softnpu.dialects import aie, aiex
from softnpu.dialects.assembly import syntax_of
from softnpu.dialects.codecs import I32, SYMBOL_NAME
from softnpu.dialects.opdef import DefinedOp, attr, operand, result
from softnpu.dialects.text import parse_text, print_module


class SampleOp(DefinedOp):
    """Every kind of piece."""

    name = "sample.op"
    first: SSAValue = operand(i32)
    some_count: int | None = attr(I32, default=None, mlir="someCount")
    sym_name: str | None = attr(SYMBOL_NAME, default=None)
    result: OpResult = result(i32)
    syntax = "($sym_name^)? `<` $first `>` (`times` $someCount^)? attr-dict `:` type($first)"


class SourceOp(DefinedOp):
    """A number."""

    name = "sample.source"
    result: OpResult = result(i32)
    syntax = "attr-dict"


@pytest.fixture(scope="module")
def sample() -> Context:
    ctx = Context()
    ctx.load_dialect(Builtin)
    ctx.load_dialect(Dialect("sample", [SampleOp, SourceOp], []))
    return ctx


@pytest.mark.parametrize(
    "op",
    [
        "sample.op<%0> : i32",
        "sample.op @name<%0> times 3 : i32",
        "sample.op<%0> times 3 {other = 1 : i32} : i32",
    ],
)
def test_groups_literals_and_types(op: str, sample: Context) -> None:
    text = f"module {{\n  %0 = sample.source\n  %1 = {op}\n}}\n\n"
    assert print_module(parse_text(text, "s", sample)) == text


def test_every_syntax_string_can_be_read() -> None:
    for op in (*aie.OPS, *aiex.OPS):
        assert syntax_of(op) or not op.syntax

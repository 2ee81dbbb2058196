"""What the tests of folding and simplifying share."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from xdsl.context import Context
from xdsl.dialects.func import FuncOp

from softnpu.dialects.text import parse_text, print_module
from softnpu.passes.rewriting.greedy import Patterns, apply_greedily

Simplify = Callable[..., list[str]]


@pytest.fixture
def simplify(mlir: Context) -> Simplify:
    """Simplifies the body of a function given as text; its lines that come out."""

    def run(body: str, patterns: Patterns | None = None, merge_blocks: bool = False) -> list[str]:
        text = (
            "module {\n  func.func @f(%x: i32, %y: i32, %n: index, %m: memref<8xi32>, %p: i1) {\n"
            f"{body}\n    return\n  }}\n  func.func private @use(i32)\n}}\n"
        )
        module = parse_text(text, "design.mlir", mlir)
        apply_greedily(module, patterns or {}, merge_blocks)
        function = next(op for op in module.body.block.ops if isinstance(op, FuncOp))
        lines = [line.strip() for line in print_module(module).splitlines()]
        start = next(n for n, line in enumerate(lines) if line.startswith("func.func @f"))
        assert function.body.blocks
        return lines[start + 1 : lines.index("return")]

    return run

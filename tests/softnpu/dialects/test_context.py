"""The context: everything an NPU design needs, and not more loaded than is met."""

from __future__ import annotations

import subprocess
import sys

from softnpu.dialects import aie, aiex
from softnpu.dialects.context import context

UPSTREAM = ("affine", "arith", "cf", "func", "index", "math", "memref", "scf", "ub", "vector")


def test_every_dialect_of_a_design_is_known() -> None:
    ctx = context()
    assert {*UPSTREAM, "aie", "aiex"} <= set(ctx.registered_dialect_names)
    loaded = {op.name for op in ctx.loaded_ops}
    assert {op.name for op in (*aie.OPS, *aiex.OPS)} <= loaded


def test_upstream_dialects_load_when_met() -> None:
    program = (
        "import sys; from softnpu.dialects.context import context; context(); "
        "print(*(m for m in ('vector', 'llvm', 'affine') if f'xdsl.dialects.{m}' in sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == []

"""The dialects of an NPU design together."""

from __future__ import annotations

from xdsl.context import Context
from xdsl.dialects.builtin import Builtin
from xdsl.ir import Dialect

from softnpu.dialects import aie, aiex, upstream


def context() -> Context:
    """An xDSL context that knows every dialect of an NPU design (upstream ones load when met)."""
    ctx = Context()
    ctx.load_dialect(Builtin)
    ctx.load_dialect(Dialect("aie", list(aie.OPS), list(aie.ATTRIBUTES)))
    ctx.load_dialect(Dialect("aiex", list(aiex.OPS), list(aiex.ATTRIBUTES)))
    upstream.register(ctx)
    return ctx

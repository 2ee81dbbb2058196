"""MLIR as npuforge reads it: the aie and aiex dialects on xDSL, and the upstream ones they need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from softnpu import late

if TYPE_CHECKING:
    from xdsl.context import Context

late.read_formats_late()


def context() -> Context:
    """An xDSL context that knows every dialect of an NPU design (upstream ones load when met)."""
    from xdsl.context import Context
    from xdsl.dialects.builtin import Builtin
    from xdsl.ir import Dialect

    from softnpu.dialects import aie, aiex, upstream

    ctx = Context()
    ctx.load_dialect(Builtin)
    ctx.load_dialect(Dialect("aie", list(aie.OPS), list(aie.ATTRIBUTES)))
    ctx.load_dialect(Dialect("aiex", list(aiex.OPS), list(aiex.ATTRIBUTES)))
    upstream.register(ctx)
    return ctx

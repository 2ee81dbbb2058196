"""How things are named to an author."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects.builtin import ModuleOp

from softnpu.arch.device import TileKind
from softnpu.dialects.aie import BufferOp, CoreOp, LockOp, TileOp
from softnpu.dialects.rules.common import (
    did_you_mean,
    kind_of,
    model_of,
    parent_named,
    symbols_seen_from,
    title,
)


def test_ops_are_called_by_name_or_place(read: Callable[[str], ModuleOp]) -> None:
    module = read(
        """%b = aie.buffer(%core) {sym_name = "data"} : memref<4xi32>
        %c = aie.core(%core) { aie.event(0)
          aie.end }"""
    )
    by_class = {type(op): op for op in module.walk()}
    core = by_class[CoreOp]
    assert title(by_class[BufferOp]) == "buffer 'data'"
    assert title(core) == "core (0, 2)"
    event = core.regions[0].block.first_op
    assert event is not None
    assert parent_named(event, "aie.core") is core
    assert parent_named(event, "aie.mem") is None
    assert "data" in symbols_seen_from(event)


def test_a_suggestion_only_when_something_is_near() -> None:
    assert did_you_mean("inn", ["in", "out"]) == "; did you mean '@in'?"
    assert did_you_mean("zebra", ["in", "out"]) == ""


def test_the_model_is_that_of_the_device(read: Callable[[str], ModuleOp]) -> None:
    tile = next(op for op in read("").walk() if isinstance(op, TileOp))
    model = model_of(tile)
    assert model is not None
    assert (model.name, kind_of(tile)) == ("npu1_1col", TileKind.SHIM)
    assert model_of(LockOp(tile=tile.result)) is None

"""Fields of op classes: what absent and default mean."""

from __future__ import annotations

import pytest
from xdsl.dialects.builtin import IntegerAttr, i32

from softnpu.dialects.aie import CoreOp, TileOp, UseLockOp
from softnpu.dialects.fields import AttrField


def test_an_absent_attribute_reads_as_its_default() -> None:
    core = CoreOp(tile=TileOp(col=0, row=2).result)
    assert (core.stack_size, core.elf_file) == (0x400, None)
    core.stack_size = 64
    assert core.properties["stack_size"] == IntegerAttr(64, i32)
    core.stack_size = None  # type: ignore[assignment]
    assert (core.stack_size, "stack_size" in core.properties) == (0x400, False)


def test_a_required_attribute_that_is_absent_is_an_error() -> None:
    use = UseLockOp.create()
    with pytest.raises(AttributeError, match=r"aie\.use_lock has no 'action'"):
        _ = use.action


def test_the_class_gives_the_field_itself() -> None:
    field = vars(TileOp)["col"]
    assert isinstance(field, AttrField)
    assert TileOp.attr_fields["col"] is field
    assert (field.required, field.mlir) == (True, "col")
    assert CoreOp.attr_fields["stack_size"].is_default(IntegerAttr(0x400, i32))

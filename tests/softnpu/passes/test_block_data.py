"""The globals that block writes take their words from."""

from __future__ import annotations

from pathlib import Path

import pytest
from xdsl.dialects.memref import GlobalOp

from softnpu.dialects.aie import DeviceOp
from softnpu.dialects.aiex import NpuBlockWriteOp
from softnpu.dialects.locations import at
from softnpu.errors import DesignError, SourceLocation
from softnpu.passes.block_data import BlockData, block_words
from softnpu.passes.sequence_ops import Symbols
from tests.softnpu.passes.sequence_designs import design, sequence

TABLES = """
  memref.global "private" constant @mine : memref<2xi32> = dense<[1, -1]>
  memref.global "private" constant @blockwrite_data_0 : memref<1xi32> = dense<9>
  memref.global "private" constant @floats : memref<2xf32> = dense<0.0>
"""


HERE = at(SourceLocation(Path("design.mlir"), 5, 7))


def test_words_that_a_global_holds_already_are_not_stored_again() -> None:
    data = BlockData(sequence(design("", before=TABLES)))
    assert data.symbol_and_type([1, 0xFFFFFFFF], HERE)[0] == "mine"
    assert data.symbol_and_type([9], HERE)[0] == "blockwrite_data_0"


def test_new_words_get_the_next_free_name_before_the_sequence() -> None:
    steps = sequence(design("", before=TABLES))
    data = BlockData(steps)
    names = [data.symbol_and_type(words, HERE)[0] for words in ([5, 6], [7], [5, 6])]
    assert names == ["blockwrite_data_1", "blockwrite_data_2", "blockwrite_data_1"]
    before = steps.prev_op
    assert isinstance(before, GlobalOp) and before.sym_name.data == "blockwrite_data_2"
    assert before.location is HERE


def words_of(name: str, type: str) -> tuple[int, ...]:
    text = design(
        f"%0 = memref.get_global @{name} : {type}\n"
        f"aiex.npu.blockwrite(%0) {{address = 0 : ui32}} : {type}",
        before=TABLES,
    )
    steps = sequence(text)
    around = steps.parent_op()
    assert isinstance(around, DeviceOp)
    write = next(op for op in steps.walk() if isinstance(op, NpuBlockWriteOp))
    return block_words(write, Symbols(around))


def test_a_block_write_reads_its_words_back_unsigned() -> None:
    assert words_of("mine", "memref<2xi32>") == (1, 0xFFFFFFFF)


@pytest.mark.parametrize(
    ("name", "type", "message"),
    [
        ("floats", "memref<2xf32>", "'@floats' must be a memref<Nxi32>"),
        ("mime", "memref<2xi32>", "did you mean '@mine'?"),
    ],
)
def test_a_block_write_of_anything_else_is_refused(name: str, type: str, message: str) -> None:
    with pytest.raises(DesignError) as error:
        words_of(name, type)
    assert message in str(error.value)

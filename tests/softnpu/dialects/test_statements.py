"""Lines that say what an earlier one said, but for the names of values."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from softnpu.dialects.source import location_of
from softnpu.dialects.text import parse_file, parse_text, print_module
from softnpu.errors import DesignError
from tests.conftest import DESIGNS

SEQUENCE = """
aie.device(npu1_1col) {{
  aie.runtime_sequence(%a: i64, %b: memref<64xi32>, %c: i32) {{
    {}
  }}
}}
"""


@pytest.mark.parametrize("name", DESIGNS)
def test_a_line_is_read_as_it_would_be_without_those_before_it(name: str, golden: Path) -> None:
    text = (golden / name / "design.mlir").read_text()
    apart = re.sub("\n", " // by itself\n", text)  # a line with a comment is read word by word
    read, wanted = parse_text(text, "design.mlir"), parse_text(apart, "design.mlir")
    assert print_module(read) == print_module(wanted)
    assert [location_of(op) for op in read.walk()] == [location_of(op) for op in wanted.walk()]


def test_a_line_like_an_earlier_one_is_refused_for_a_value_of_another_type() -> None:
    constants = "%c0 = arith.constant 0 : i32\n%c1 = arith.constant 1 : i32\n"
    other = "%c2 = arith.constant 2 : index\n"
    writes = "aiex.npu.write32(%c0, %c1) : i32, i32\naiex.npu.write32(%c2, %c1) : i32, i32\n"
    text = SEQUENCE.format(constants + other + writes)
    with pytest.raises(DesignError, match="%c2 has type index, but i32 is expected here") as error:
        parse_text(text, "design.mlir")
    assert error.value.location is not None
    assert error.value.location.line == 1 + text[: text.index("(%c2, %c1)")].count("\n")


def test_a_constant_like_an_earlier_one_is_refused_where_its_number_is_too_large() -> None:
    constants = "%c0 = arith.constant 1 : i32\n%c1 = arith.constant 4294967296 : i32\n"
    with pytest.raises(DesignError, match="4294967296"):
        parse_text(SEQUENCE.format(constants))


def test_a_constant_without_its_sign_is_the_same_whether_another_came_before_it() -> None:
    constants = "%c{} = arith.constant 4294967295 : i32\n"
    first = print_module(parse_text(SEQUENCE.format(constants.format(0))))
    both = print_module(parse_text(SEQUENCE.format(constants.format(0) + constants.format(1))))
    assert both.count("arith.constant -1 : i32") == 2 * first.count("arith.constant -1 : i32") == 2


def test_a_line_that_goes_on_is_no_line_like_an_earlier_one() -> None:
    lock = "%l{} = aie.lock(%t, {})\n"
    text = f"""
aie.device(npu1_1col) {{
  %t = aie.tile(0, 2)
  {lock.format(0, 3)}
  {lock.format(1, 3).strip()}
    {{init = 7 : i32}}
}}
"""
    printed = print_module(parse_text(text))
    assert printed.count("aie.lock(") == 2
    assert printed.count("init = 7") == 1


def test_a_name_used_for_two_operands_says_nothing_of_their_order(tmp_path: Path) -> None:
    write = "aiex.npu.write32(%c0, %c{}) : i32, i32\n"
    constants = "%c0 = arith.constant 0 : i32\n%c1 = arith.constant 1 : i32\n"
    design = tmp_path / "design.mlir"
    design.write_text(SEQUENCE.format(constants + write.format(0) + write.format(1)))
    printed = print_module(parse_file(design))
    assert "aiex.npu.write32(%c0_i32, %c0_i32)" in printed
    assert "aiex.npu.write32(%c0_i32, %c1_i32)" in printed


COPY = (
    "aiex.npu.dma_memcpy_nd(%b{offsets}[1, 1, 1, 8][0, 0, 0, 1]) "
    "{{id = 0 : i64, metadata = @f}} : memref<64xi32>\n"
)
TASK = """
%{name} = aiex.dma_configure_task_for @f {{
  aie.dma_bd(%b : memref<64xi32> offset = {offset} len = 8) {{bd_id = 0 : i32}}
  aie.end
}}
"""


def read(*lines: str) -> str:
    return print_module(parse_text(SEQUENCE.format("".join(lines)), check=False))


def test_transfers_that_differ_in_their_offsets_keep_each_its_own() -> None:
    printed = read(*(COPY.format(offsets=f"[0, 0, {n}, {8 * n}]") for n in range(3)))
    found = re.findall(r"arg1(\[[0-9, ]+\])\[1, 1, 1, 8\]", printed)
    assert found == ["[0, 0, 0, 0]", "[0, 0, 1, 8]", "[0, 0, 2, 16]"]


def test_a_transfer_whose_offset_is_a_value_is_not_read_like_those_with_numbers() -> None:
    lists = ("[0, 0, 0, 0]", "[0, 0, %a, 0]", "[0, 0, 0, %a]", "[0, 0, 0, 8]")
    printed = read(*(COPY.format(offsets=one) for one in lists))
    found = re.findall(r"arg1(\[[^\]]+\])\[1, 1, 1, 8\]", printed)
    assert found == [one.replace("%a", "%arg0") for one in lists]


def test_descriptors_that_differ_in_their_offsets_keep_each_its_own() -> None:
    offsets = enumerate((0, 8, 16, 8))
    printed = read(*(TASK.format(name=f"t{n}", offset=offset) for n, offset in offsets))
    assert re.findall(r"offset = ([0-9]+) len = 8", printed) == ["0", "8", "16", "8"]


def test_an_offset_that_is_no_descriptors_own_is_read_as_it_stands() -> None:
    line = "aie.dma_bd(%b : memref<64xi32>) {{bd_id = {0} : i32, offset = {0} : i32}}\n"
    task = "%t{0} = aiex.dma_configure_task_for @f {{\n" + line + "aie.end\n}}\n"
    printed = read(*(task.format(n) for n in (3, 4)))
    assert re.findall(r"bd_id = ([0-9]+) : i32, offset = ([0-9]+) : i32", printed) == [
        ("3", "3"),
        ("4", "4"),
    ]

from __future__ import annotations

import re
from pathlib import Path

import pytest

from softnpu.errors import DesignError
from softnpu.passes.assign_buffer_addresses import AssignBufferAddressesPass
from tests.conftest import DESIGNS
from tests.softnpu.passes.conftest import Lower

DEFAULT = AssignBufferAddressesPass()
SEQUENTIAL = AssignBufferAddressesPass("basic-sequential")
BANKS = AssignBufferAddressesPass("bank-aware")
CORE = "%core = aie.core(%t) { aie.end }"


def design(*buffers: str, core: str = CORE, row: int = 2, tile: str = "") -> str:
    """A tile with buffers, each "name size" or "name size attributes" with the size in bytes."""
    lines = []
    for text in buffers:
        name, size, *rest = text.split(" ", 2)
        attributes = "".join(f", {part}" for part in rest)
        lines.append(
            f'%{name} = aie.buffer(%t) {{sym_name = "{name}"{attributes}}} : memref<{size}xi8>'
        )
    body = "\n".join([*lines, core])
    return f"aie.device(npu1) {{\n%t = aie.tile(0, {row}){tile}\n{body}\n}}"


def places(text: str) -> dict[str, tuple[int, int | None]]:
    """Buffer -> (address, bank)."""
    pattern = r"address = (\d+) : i32, (?:mem_bank = (\d+) : i32, )?sym_name = \"(\w+)\""
    return {
        m[3]: (int(m[1]), None if m[2] is None else int(m[2])) for m in re.finditer(pattern, text)
    }


def bare(placed: str, written: str) -> str:
    """A placed design without the addresses and banks that its author did not give."""
    given = {
        (match[1], word)
        for line in written.splitlines()
        if (match := re.search(r'aie\.buffer.*sym_name = "(\w+)"', line))
        for word in ("address", "mem_bank")
        if f"{word} =" in line
    }
    lines = placed.split("\n")
    for word in ("address", "mem_bank"):
        lines = [
            line
            if (match := re.search(r'sym_name = "(\w+)"', line)) and (match[1], word) in given
            else re.sub(rf"\b{word} = \d+ : i32, ", "", line)
            for line in lines
        ]
    return "\n".join(lines)


@pytest.mark.parametrize("name", DESIGNS)
def test_places_are_those_of_aie_opt(lower: Lower, golden: Path, name: str) -> None:
    placed = (golden / name / "input_with_addresses.mlir").read_text()
    written = (golden / name / "traced.mlir").read_text()
    assert lower(bare(placed, written), DEFAULT) == placed


def test_the_largest_come_first_each_in_the_next_bank_behind_the_stack(lower: Lower) -> None:
    text = lower(design("a 16", "b 4096", "c 32", "d 64", "e 8"), DEFAULT)
    assert places(text) == {
        "b": (1024, 0),
        "d": (16384, 1),
        "c": (32768, 2),
        "a": (49152, 3),
        "e": (1024 + 4096, 0),
    }


def test_without_a_core_there_is_no_stack(lower: Lower) -> None:
    assert places(lower(design("a 16", core=""), DEFAULT)) == {"a": (0, 0)}


def test_a_buffer_larger_than_a_bank_makes_all_lie_in_sequence(lower: Lower) -> None:
    text = lower(design("small 256", "large 20000"), DEFAULT)
    assert places(text) == {"large": (1024, None), "small": (21024, None)}


def test_the_tiles_own_scheme_wins(lower: Lower) -> None:
    tile = ' {allocation_scheme = "basic-sequential"}'
    text = lower(design("a 16", "b 32", tile=tile), BANKS)
    assert places(text) == {"b": (1024, None), "a": (1056, None)}


def test_in_sequence_given_addresses_are_stepped_over(lower: Lower) -> None:
    text = lower(design("fixed 1024 address = 2048 : i32", "a 1000", "b 900"), SEQUENTIAL)
    assert places(text) == {"fixed": (2048, None), "a": (1024, None), "b": (3072, None)}


def test_over_banks_a_given_address_is_kept(lower: Lower) -> None:
    """mlir-aie of March 2026 moves it up by the buffer's size."""
    text = lower(design("given 512 address = 2048 : i32", "a 16"), DEFAULT)
    assert places(text) == {"given": (2048, 0), "a": (2560, 0)}
    banked = "address = 1024 : i32, mem_bank = 0 : i32"
    assert places(lower(design(f"a 2048 {banked}"), DEFAULT)) == {"a": (1024, 0)}


def test_given_addresses_may_stand_in_any_order(lower: Lower) -> None:
    buffers = ("high 64 address = 8192 : i32", "low 64 address = 4096 : i32", "a 16")
    assert places(lower(design(*buffers), DEFAULT)) == {
        "high": (8192, 0),
        "low": (4096, 0),
        "a": (8256, 0),
    }


@pytest.mark.parametrize(
    ("buffers", "words"),
    [
        (
            ("a 64 address = 4096 : i32", "b 64 address = 4128 : i32"),
            "buffer 'b' at address 4128 lies in buffer 'a', which ends at 4160",
        ),
        (
            ("a 64 address = 992 : i32",),
            "buffer 'a' at address 992 lies in the stack, which ends at 1024",
        ),
        (
            ("a 64 address = 65504 : i32",),
            "buffer 'a' reaches from 65504 to 65568, the memory of tile (0, 2) ends at 65536",
        ),
    ],
)
@pytest.mark.parametrize("scheme", ["", "basic-sequential"])
def test_given_addresses_that_cannot_be_are_refused(
    lower: Lower, buffers: tuple[str, ...], words: str, scheme: str
) -> None:
    with pytest.raises(DesignError) as refused:
        lower(design(*buffers), AssignBufferAddressesPass(scheme))
    assert f"design.mlir:{2 + len(buffers)}:" in str(refused.value)
    assert words in str(refused.value)


def test_an_address_outside_of_the_given_bank_is_refused(lower: Lower) -> None:
    with pytest.raises(DesignError, match="4096 of buffer 'a' lies in bank 0, not in mem_bank 1"):
        lower(design("a 64 address = 4096 : i32, mem_bank = 1 : i32"), DEFAULT)


def test_a_given_bank_is_kept(lower: Lower) -> None:
    text = lower(design("a 16 mem_bank = 2 : i32", "b 64"), DEFAULT)
    assert places(text) == {"a": (32768, 2), "b": (1024, 0)}


def test_a_memory_tile_has_eight_banks(lower: Lower) -> None:
    text = lower(design(*(f"b{n} {900 - n}" for n in range(9)), core="", row=1), DEFAULT)
    assert places(text)["b7"] == (7 * 65536, 7)
    assert places(text)["b8"] == (900, 0)


def test_the_error_shows_what_lies_in_the_tile_and_what_to_shrink(lower: Lower) -> None:
    with pytest.raises(DesignError) as refused:
        lower(design("weights 60000", "line 8000", "tiny 4"), DEFAULT)
    text = str(refused.value)
    assert "design.mlir:2" in text
    assert "69028 bytes needed, 65536 available, 3492 too many" in text
    assert re.search(r"\(stack\) +1024 bytes", text)
    assert re.search(r"weights +60000 bytes +memref<60000xi8>, design.mlir:3", text)
    assert re.search(r"missing +3492 bytes", text)
    assert "make 'weights' smaller" in text


def test_what_only_the_banks_forbid_is_said_to_be_so(lower: Lower) -> None:
    with pytest.raises(DesignError) as refused:
        lower(design("large 20000"), BANKS)
    assert "basic-sequential" in str(refused.value)
    assert places(lower(design("large 20000"), DEFAULT)) == {"large": (1024, None)}


def test_an_address_outside_of_the_memory_is_refused(lower: Lower) -> None:
    with pytest.raises(DesignError, match=r"the memory of tile \(0, 2\) ends at 65536"):
        lower(design("a 16 address = 65536 : i32"), DEFAULT)


def test_a_bank_that_the_tile_does_not_have_is_refused(lower: Lower) -> None:
    with pytest.raises(DesignError, match=r"mem_bank 4 of buffer 'a' is not one of the 4 banks"):
        lower(design("a 16 mem_bank = 4 : i32"), DEFAULT)


def test_buffers_without_a_name_get_one(lower: Lower) -> None:
    text = lower(
        "aie.device(npu1) { %t = aie.tile(0, 2)\n %b = aie.buffer(%t) : memref<16xi8> }", DEFAULT
    )
    assert places(text) == {"_anonymous0": (0, 0)}


def test_a_buffer_in_a_core_must_be_a_table_of_constants(lower: Lower) -> None:
    core = '%core = aie.core(%t) { %b = aie.buffer(%t) {sym_name = "b"} : memref<4xi8>\n aie.end }'
    with pytest.raises(DesignError, match="stands inside a core"):
        lower(design(core=core), DEFAULT)


def test_a_buffer_is_not_put_into_another_bank_than_its_own(lower: Lower) -> None:
    text = design("whole 16384 mem_bank = 1 : i32", "part 64 address = 16416 : i32")
    for scheme in (DEFAULT, BANKS):
        with pytest.raises(DesignError) as refused:
            lower(text, scheme)
        assert refused.value.message == (
            "buffer 'whole' needs 16384 bytes, and its mem_bank 1 has 16288 left"
        )

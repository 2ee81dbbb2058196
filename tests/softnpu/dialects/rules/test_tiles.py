"""What an author reads about tiles, cores, buffers and locks that cannot be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from softnpu.dialects.text import parse_text
from softnpu.errors import DesignError

Refusal = Callable[[str], DesignError]

CORE = "%c = aie.core({tile}) {{\n{body}\naie.end }} {attributes}"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("%t = aie.tile(1, 2)", "there is no tile (1, 2) in npu1_1col"),
        ("%t = aie.tile(0, 6)", "there is no tile (0, 6) in npu1_1col"),
        (
            '%t = aie.tile(0, 0) {allocation_scheme = "bank-aware"}',
            "shim tile (0, 0) has no memory",
        ),
        ("%t = aie.logical_tile<CoreTile>(1, ?)", "npu1_1col has columns 0 to 0, found 1"),
        ("%t = aie.logical_tile<CoreTile>(?, 6)", "npu1_1col has rows 0 to 5, found 6"),
        ("%t = aie.logical_tile<MemTile>(0, 2)", "tile (0, 2) is a core tile, not a memory tile"),
        (
            '%t = aie.logical_tile<ShimNOCTile>(?, ?) {allocation_scheme = "bank-aware"}',
            "has no memory: remove allocation_scheme",
        ),
        (
            "%s = aie.switchbox(%core) { }\n%r = aie.switchbox(%core) { }",
            "tile (0, 2) has 2 switchboxes",
        ),
        (CORE.format(tile="%mem", body="", attributes=""), "'aie.core' needs a core tile"),
        (
            CORE.format(tile="%core", body="aie.event(0)", attributes='{elf_file = "c.elf"}'),
            'core (0, 2) has both elf_file = "c.elf" and a body',
        ),
        (
            CORE.format(
                tile="%core", body="", attributes='{link_with = "a.o", link_files = ["b.o"]}'
            ),
            "core (0, 2) has both link_with and link_files",
        ),
        (
            CORE.format(
                tile="%core", body="", attributes='{link_with = "a.o", link_merge_files = ["b.o"]}'
            ),
            "core (0, 2) has both link_with and link_merge_files",
        ),
        ("%b = aie.buffer(%shim) : memref<4xi32>", "tile (0, 0) is a shim tile"),
        (
            '%b = aie.buffer(%core) {sym_name = "big"} : memref<16385xi32>',
            "buffer 'big' needs 65540 bytes, tile (0, 2) has 65536",
        ),
        ("%b = aie.buffer(%core) : memref<?xi32>", "memref<?xi32> has no fixed size"),
        ("%l = aie.lock(%core, 16)", "tile (0, 2) has locks 0 to 15"),
        ("%l = aie.lock(%mem, 64)", "tile (0, 1) has locks 0 to 63"),
        (
            '%l = aie.lock(%mem, 0) {sym_name = "far"}\n'
            + CORE.format(tile="%core", body="aie.use_lock(%l, Release, 1)", attributes=""),
            "core (0, 2) cannot reach lock 'far' in tile (0, 1)",
        ),
        (
            '%b = aie.buffer(%mem) {sym_name = "far"} : memref<4xi32>\n'
            + CORE.format(
                tile="%core",
                body="%i = arith.constant 0 : index\n%v = memref.load %b[%i] : memref<4xi32>",
                attributes="",
            ),
            "core (0, 2) cannot reach buffer 'far' in tile (0, 1)",
        ),
        ("%l = aie.lock(%core, 0)\naie.use_lock(%l, Release, 1)", "belongs into a core"),
    ],
)
def test_what_cannot_be_is_said(body: str, message: str, refusal: Refusal) -> None:
    assert message in refusal(body).message


def test_a_neighbours_memory_can_be_reached(read: Callable[[str], object]) -> None:
    read(
        "%b = aie.buffer(%north) : memref<4xi32>\n%l = aie.lock(%north, 0)\n"
        + CORE.format(
            tile="%core",
            body="aie.use_lock(%l, AcquireGreaterEqual, 1)\n%i = arith.constant 0 : index\n"
            "%v = memref.load %b[%i] : memref<4xi32>",
            attributes="",
        )
    )


def test_other_devices_are_refused_by_name() -> None:
    with pytest.raises(DesignError) as caught:
        parse_text("module { aie.device(xcvc1902) { } }")
    assert caught.value.message == "npuforge does not build for xcvc1902"
    assert "npu1_1col" in caught.value.notes[0]


def test_a_shim_dma_needs_a_column_that_has_one() -> None:
    text = """module { aie.device(xcve2302) {
        %t = aie.tile(COLUMN, 0)
        aie.shim_dma(%t) { aie.end }
    } }"""
    parse_text(text.replace("COLUMN", "2"))
    with pytest.raises(DesignError) as caught:
        parse_text(text.replace("COLUMN", "0"))
    assert "needs a shim tile with a DMA, but tile (0, 0)" in caught.value.message
    assert caught.value.notes == ("columns with a shim DMA: 2, 3, 6, 7, 10, 11",)


def test_a_logical_shim_tile_is_of_the_kind_that_lies_there() -> None:
    text = "module { aie.device(xcve2302) { %t = aie.logical_tile<KIND>(0, 0) } }"
    parse_text(text.replace("KIND", "ShimPLTile"))
    with pytest.raises(DesignError) as caught:
        parse_text(text.replace("KIND", "ShimNOCTile"))
    assert caught.value.message == (
        "shim tile (0, 0) of xcve2302 has no DMA, so it is no ShimNOCTile"
    )


@pytest.mark.parametrize(
    ("use", "message"),
    [
        ("AcquireGreaterEqual, 64", "acquires 64 of a lock; what fits is 0 to 63"),
        ("AcquireGreaterEqual, -1", "acquires -1 of a lock; what fits is 0 to 63"),
        ("Acquire, -1", "acquires -1 of a lock; what fits is 0 to 63"),
        ("Release, 64", "releases 64 of a lock; what fits is -64 to 63"),
        ("Release, -65", "releases -65 of a lock; what fits is -64 to 63"),
    ],
)
def test_a_lock_counts_to_63(use: str, message: str, refusal: Refusal) -> None:
    core = CORE.format(tile="%core", body=f"aie.use_lock(%l, {use})", attributes="")
    assert message in refusal(f"%l = aie.lock(%core, 0)\n{core}").message


def test_what_a_lock_holds_can_be_taken_and_given(read: Callable[[str], object]) -> None:
    body = "\n".join(
        f"aie.use_lock(%l, {use})"
        for use in ("AcquireGreaterEqual, 63", "Acquire, 0", "Release, 63", "Release, -64")
    )
    read("%l = aie.lock(%core, 0)\n" + CORE.format(tile="%core", body=body, attributes=""))


def test_a_descriptor_takes_a_lock_with_one_value(refusal: Refusal) -> None:
    error = refusal(
        """%l = aie.lock(%core, 0)
        %b = aie.buffer(%core) : memref<4xi32>
        %d = aie.mem(%core) {
          aie.dma_start(MM2S, 0, ^bd, ^end)
        ^bd:
          aie.use_lock(%l, AcquireGreaterEqual, 1)
          aie.use_lock(%l, AcquireGreaterEqual, 2)
          aie.dma_bd(%b : memref<4xi32>)
          aie.next_bd ^end
        ^end:
          aie.end
        }"""
    )
    assert "a descriptor can acquire one lock, this one has 2 of them" in error.message


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("aie.tile(0, 2)", "aie.tile(0, 2)"),
        ("aie.logical_tile<CoreTile>(0, 2)", "aie.logical_tile<CoreTile>(0, 2)"),
    ],
)
def test_a_tile_has_one_core(first: str, second: str) -> None:
    text = f"""module {{ aie.device(npu2) {{
      %a = {first}
      %b = {second}
      %ca = aie.core(%a) {{ aie.end }}
      %cb = aie.core(%b) {{ aie.end }}
    }} }}"""
    with pytest.raises(DesignError) as caught:
        parse_text(text)
    assert caught.value.message == "tile (0, 2) has a core already"
    assert caught.value.notes[0].endswith(":4:13")
    parse_text(text.replace(second, "aie.logical_tile<CoreTile>(?, ?)"))


def test_a_file_is_linked_or_merged(refusal: Refusal) -> None:
    error = refusal(
        """%c = aie.core(%core) { aie.end }
        {link_files = ["a.o", "b.o"], link_merge_files = ["b.o"]}"""
    )
    assert error.message == ("core (0, 2) both links and merges 'b.o': name it in one of the lists")

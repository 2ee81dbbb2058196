"""What cannot be lowered although each op by itself is right."""

from __future__ import annotations

import pytest

from softnpu.errors import DesignError

TILES = """
    %s = aie.tile(0, 0)
    %m = aie.tile(0, 1)
    %a = aie.tile(0, 2)
    %b = aie.tile(0, 3)
    aie.objectfifo @in(%s, {%m}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    aie.objectfifo @outa(%m, {%a}, 2 : i32) : !aie.objectfifo<memref<8xi32>>
    aie.objectfifo @outb(%m, {%b}, 2 : i32) : !aie.objectfifo<memref<8xi32>>
"""


def test_a_fifo_is_in_one_link_only(lower_fifos) -> None:
    with pytest.raises(DesignError, match="@in is in more than one link"):
        lower_fifos(
            TILES
            + """
    aie.objectfifo.link [@in] -> [@outa] ([] [])
    aie.objectfifo.link [@in] -> [@outb] ([] [])
    """
        )


@pytest.mark.parametrize("offsets", ["[0, 512]", "[8, 0]", "[0, 17]"])
def test_offsets_must_cut_the_object_into_parts(lower_fifos, offsets: str) -> None:
    with pytest.raises(DesignError) as error:
        lower_fifos(TILES + f"aie.objectfifo.link [@in] -> [@outa, @outb] ([] {offsets})")
    assert error.value.message == (
        f"the offsets {offsets} do not cut the 16 elements of an object of @in into 2 parts"
    )


@pytest.mark.parametrize(("offsets", "empty"), [("[0, 16]", "outb"), ("[4, 4]", "outa")])
def test_a_part_of_nothing_is_lowered_but_told_of(
    lower_fifos, caplog, offsets: str, empty: str
) -> None:
    link = f"aie.objectfifo.link [@in] -> [@outa, @outb] ([] {offsets})"
    lowered = lower_fifos(TILES + link)
    start = offsets[1:-1].split(", ")[empty == "outb"]
    assert f"aie.dma_bd(%in_cons_buff_0 : memref<16xi32> offset = {start} len = 0)" in lowered.text
    assert f"the offsets {offsets} leave @{empty} none of the 16 elements" in caplog.text


@pytest.mark.parametrize(
    ("offsets", "told"),
    [("[0, 8]", False), ("[0, 4]", True), ("[0, 6]", True), ("[8, 8]", False)],
)
def test_parts_in_which_objects_begin_anywhere_are_told_of(
    lower_fifos, caplog, offsets: str, told: bool
) -> None:
    lower_fifos(TILES + f"aie.objectfifo.link [@in] -> [@outa, @outb] ([] {offsets})")
    assert ("objects begin within others" in caplog.text) is told


@pytest.mark.parametrize(("size", "told"), [(8, False), (32, False), (12, True)])
def test_a_link_of_sizes_that_do_not_divide_each_other_is_told_of(
    lower_fifos, caplog, size: int, told: bool
) -> None:
    lower_fifos(
        TILES
        + f"aie.objectfifo @cut(%m, {{%a}}, 2 : i32) : !aie.objectfifo<memref<{size}xi32>>\n"
        + "aie.objectfifo.link [@in] -> [@cut] ([] [])"
    )
    assert ("objects of @in have 64 bytes, objects of @cut 48" in caplog.text) is told


def test_of_two_allocations_of_one_fifo_the_last_counts(lower_fifos, caplog) -> None:
    lowered = lower_fifos("""
    %a = aie.tile(0, 2)
    %b = aie.tile(0, 3)
    aie.objectfifo @of(%a, {%b}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    aie.objectfifo.allocate @of (%a)
    aie.objectfifo.allocate @of (%b)
    """)
    assert "%of_buff_0 = aie.buffer(%tile_0_3)" in lowered.text
    assert "@of is allocated a second time" in caplog.text

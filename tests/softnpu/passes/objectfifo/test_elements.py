"""Buffers and locks: where they lie, what they start with, who owns them in a link."""

from __future__ import annotations

import pytest

from softnpu.errors import DesignError
from softnpu.passes.assign_lock_ids import AssignLockIDsPass
from softnpu.passes.objectfifo_stateful_transform import ObjectFifoStatefulTransformPass


def test_initial_values_fill_objects_and_the_lock_says_so(lower_fifos) -> None:
    lowered = lower_fifos("""
    %a = aie.tile(0, 2)
    %b = aie.tile(1, 4)
    aie.objectfifo @of(%a, {%b}, 2 : i32) : !aie.objectfifo<memref<2xi32>>
        = [dense<[1, 2]> : memref<2xi32>, dense<[3, 4]> : memref<2xi32>]
    """)
    assert [line.split("= dense")[-1] for line in lowered.matching("^%of_buff")] == [
        "<[1, 2]>",
        "<[3, 4]>",
    ]
    assert "init = 0" in lowered.matching("%of_prod_lock_0 = ")[0]
    assert "init = 2" in lowered.matching("%of_cons_lock_0 = ")[0]


def test_repeated_objects_count_as_often_in_their_locks(lower_fifos) -> None:
    lowered = lower_fifos("""
    %m = aie.tile(0, 1)
    %c = aie.tile(0, 3)
    aie.objectfifo @of(%m, {%c}, 2 : i32) {repeat_count = 4 : i32} : !aie.objectfifo<memref<8xi32>>
    """)
    assert "init = 8" in lowered.matching("%of_prod_lock_0 = ")[0]


def test_a_join_has_a_pair_of_locks_for_each_part(lower_fifos) -> None:
    lowered = lower_fifos("""
    %s = aie.tile(0, 0)
    %m = aie.tile(0, 1)
    %a = aie.tile(0, 2)
    %b = aie.tile(0, 3)
    aie.objectfifo @ina(%a, {%m}, 2 : i32) : !aie.objectfifo<memref<8xi32>>
    aie.objectfifo @inb(%b, {%m}, 2 : i32) : !aie.objectfifo<memref<8xi32>>
    aie.objectfifo @out(%m, {%s}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    aie.objectfifo.link [@ina, @inb] -> [@out] ([0, 8] [])
    """)
    assert [line.split(" = ")[0] for line in lowered.matching(r"aie\.lock\(%mem_tile")] == [
        "%out_prod_lock_0",
        "%out_cons_lock_0",
        "%out_prod_lock_1",
        "%out_cons_lock_1",
    ]
    assert len(lowered.matching(r"aie\.buffer\(%mem_tile")) == 2


LINK = """
    %a = aie.tile(0, 2)
    %m = aie.tile(0, 1)
    %b = aie.tile(0, 4)
    aie.objectfifo @in(%a, {{%m}}, 2 : i32) : !aie.objectfifo<memref<{source}xi32>>
    aie.objectfifo @out(%m {dims}, {{%b}}, 2 : i32) {attributes}
        : !aie.objectfifo<memref<{drain}xi32>>
    aie.objectfifo.link [@in] -> [@out] ([] [])
"""


@pytest.mark.parametrize(
    ("source", "drain", "dims", "attributes", "owner"),
    [
        (16, 16, "", "", "in_cons"),
        (32, 16, "", "", "in_cons"),
        (16, 32, "", "", "out"),
        (
            8,
            16,
            "dimensionsToStream [<size = 8, stride = 1>]",
            "{padDimensions = #aie<bd_pad_layout_array[<const_pad_before = 4, "
            "const_pad_after = 4>]>}",
            "in_cons",
        ),
    ],
    ids=["equal", "shrinks", "grows", "padded"],
)
def test_the_bigger_objects_of_a_link_serve_both_fifos(
    lower_fifos, source: int, drain: int, dims: str, attributes: str, owner: str
) -> None:
    lowered = lower_fifos(LINK.format(source=source, drain=drain, dims=dims, attributes=attributes))
    names = [line.split(" = ")[0] for line in lowered.matching(r"aie\.buffer\(%mem_tile")]
    assert names == [f"%{owner}_buff_0", f"%{owner}_buff_1"]


def test_objects_that_do_not_fit_a_memory_tile_go_to_its_neighbours(lower_fifos) -> None:
    lowered = lower_fifos(
        """
    %s = aie.tile(1, 0)
    %m = aie.tile(1, 1)
    aie.objectfifo @of(%s, {%m}, 4 : i32) : !aie.objectfifo<memref<65536xi32>>
    """,
        device="npu1",
    )
    assert [line.split("(")[1].split(")")[0] for line in lowered.matching("^%of_cons_buff")] == [
        "%mem_tile_1_1",
        "%mem_tile_1_1",
        "%mem_tile_0_1",
        "%mem_tile_2_1",
    ]


def test_what_a_dma_sends_lies_in_its_tile_even_if_the_consumers_memory_is_shared(
    lower_fifos,
) -> None:
    """Rearranged data travels by DMA; aie-opt makes a program of it that it refuses itself."""
    lowered = lower_fifos("""
    %west = aie.tile(0, 3)
    %east = aie.tile(1, 3)
    aie.objectfifo @of(%east, {%west dimensionsFromStream [<size = 2, stride = 1>,
        <size = 4, stride = 2>]}, 2 : i32) : !aie.objectfifo<memref<8xi32>>
    """)
    places = {line.split(" = ")[0]: line for line in lowered.matching(r"aie\.(buffer|lock)\(")}
    for name in ("%of_buff_0", "%of_buff_1", "%of_prod_lock_0", "%of_cons_lock_0"):
        assert "(%tile_1_3" in places[name]
    for name in ("%of_cons_buff_0", "%of_cons_prod_lock_0"):
        assert "(%tile_0_3" in places[name]


def test_ends_that_both_reach_a_third_tile_can_meet_there(lower_fifos) -> None:
    """aie-opt has the producer's DMA send what lies in the third tile, and refuses that."""
    lowered = lower_fifos("""
    %low = aie.tile(0, 2)
    %middle = aie.tile(0, 3)
    %high = aie.tile(0, 4)
    aie.objectfifo @of(%low, {%high}, 2 : i32) : !aie.objectfifo<memref<8xi32>>
    aie.objectfifo.allocate @of (%middle)
    """)
    placed = lowered.matching(r"aie\.(buffer|lock)\(")
    assert len(placed) == 4
    assert all("(%tile_0_3" in line for line in placed)
    assert not lowered.matching(r"aie\.(flow|mem)\(")


def test_objects_that_travel_by_dma_are_not_allocated_elsewhere(lower_fifos, caplog) -> None:
    lowered = lower_fifos("""
    %a = aie.tile(0, 3)
    %b = aie.tile(0, 4)
    aie.objectfifo @of(%a, {%b dimensionsFromStream [<size = 2, stride = 1>,
        <size = 4, stride = 2>]}, 2 : i32) : !aie.objectfifo<memref<8xi32>>
    aie.objectfifo.allocate @of (%b)
    """)
    assert "(%tile_0_3" in lowered.matching("^%of_buff_0 = ")[0]
    (told,) = [record.getMessage() for record in caplog.records]
    assert "the objects of @of travel by DMA, so they cannot lie in tile (0, 4)" in told


def test_without_synchronization_there_are_no_locks(lower_fifos) -> None:
    lowered = lower_fifos("""
    %a = aie.tile(0, 2)
    %b = aie.tile(1, 4)
    aie.objectfifo @of(%a, {%b}, 2 : i32) {disable_synchronization = true}
        : !aie.objectfifo<memref<16xi32>>
    """)
    assert not lowered.matching("lock")
    assert lowered.matching(r"aie\.dma_bd")


def test_locks_get_their_numbers_behind_those_that_the_author_took(lower) -> None:
    text = lower(
        """aie.device(npu1_1col) {
    %a = aie.tile(0, 2)
    %b = aie.tile(0, 3)
    %mine = aie.lock(%a, 1) {init = 0 : i32, sym_name = "mine"}
    aie.objectfifo @of(%a, {%b}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    }""",
        ObjectFifoStatefulTransformPass(),
        AssignLockIDsPass(),
    )
    locks = [line for line in text.splitlines() if "_lock_0 = aie.lock" in line]
    assert [line.split(", ")[1].split(")")[0] for line in locks] == ["0", "2"]


def test_too_many_locks_name_the_tile_and_who_has_them(lower) -> None:
    fifos = "\n".join(
        f"    aie.objectfifo @of{n}(%a, {{%b}}, 1 : i32) : !aie.objectfifo<memref<4xi32>>"
        for n in range(9)
    )
    tiles = "    %a = aie.tile(0, 2)\n    %b = aie.tile(0, 3)"
    with pytest.raises(DesignError) as error:
        lower(
            f"aie.device(npu1_1col) {{\n{tiles}\n{fifos}\n}}",
            ObjectFifoStatefulTransformPass(),
            AssignLockIDsPass(),
        )
    assert error.value.message == (
        "tile (0, 2) has 16 locks, the design needs 18 there; 'of0_prod_lock_0' is the first "
        "that gets none"
    )
    assert error.value.location is not None and error.value.location.line == 4


def test_an_allocation_that_one_end_cannot_reach_is_told_and_left_out(lower_fifos, caplog) -> None:
    lowered = lower_fifos("""
    %a = aie.tile(0, 2)
    %b = aie.tile(0, 3)
    %far = aie.tile(1, 4)
    aie.objectfifo @of(%a, {%b}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    aie.objectfifo.allocate @of (%far)
    """)
    assert "%of_buff_0 = aie.buffer(%tile_0_2)" in lowered.text
    assert "the objects of @of cannot lie in tile (1, 4)" in caplog.text
    assert "as in aie-opt, they lie in tile (0, 2)" in caplog.text


def test_a_fifo_deeper_than_any_lock_counts_is_refused_at_once(lower_fifos) -> None:
    body = """
      %a = aie.tile(0, 2)
      %b = aie.tile(0, 3)
      aie.objectfifo @deep(%a, {%b}, 65536 : i32) : !aie.objectfifo<memref<1xi8>>
    """
    with pytest.raises(DesignError, match="@deep is 65,536 objects deep, but the locks"):
        lower_fifos(body)


@pytest.mark.parametrize(("depths", "told"), [("[2, 5]", True), ("[2, 2]", False)])
def test_ends_that_share_a_memory_have_one_depth(
    lower_fifos, caplog, depths: str, told: bool
) -> None:
    lowered = lower_fifos(f"""
      %a = aie.tile(0, 2)
      %b = aie.tile(0, 3)
      aie.objectfifo @of(%a, {{%b}}, {depths}) : !aie.objectfifo<memref<4xi32>>
    """)
    assert len(lowered.matching("^%of_buff")) == 2
    assert ("@of has one set of objects, since its ends share a memory: 2" in caplog.text) is told

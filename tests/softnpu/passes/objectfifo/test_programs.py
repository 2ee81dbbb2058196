"""Descriptor chains: what is moved, between which locks, and where the chain goes on."""

from __future__ import annotations

import pytest

from softnpu.errors import DesignError


def moves(lines: list[str]) -> list[str]:
    """The descriptors of a program: buffer, offset and length."""
    return [
        line.removeprefix("aie.dma_bd(%").split(")")[0] for line in lines if "aie.dma_bd(" in line
    ]


def locks(lines: list[str]) -> list[str]:
    return [line.split("(%")[1].split(",")[0] for line in lines if "use_lock" in line]


def test_two_objects_are_filled_in_turn_for_ever(lower_fifos) -> None:
    lowered = lower_fifos("""
    %s = aie.tile(0, 0)
    %w = aie.tile(0, 2)
    aie.objectfifo @of(%s, {%w}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    """)
    assert lowered.part("%mem_0_2") == [
        "%0 = aie.dma_start(S2MM, 0, ^bb1, ^bb3)",
        "^bb1:  // 2 preds: ^bb0, ^bb2",
        "aie.use_lock(%of_cons_prod_lock_0, AcquireGreaterEqual, 1)",
        "aie.dma_bd(%of_cons_buff_0 : memref<16xi32> offset = 0 len = 16)",
        "aie.use_lock(%of_cons_cons_lock_0, Release, 1)",
        "aie.next_bd ^bb2",
        "^bb2:  // pred: ^bb1",
        "aie.use_lock(%of_cons_prod_lock_0, AcquireGreaterEqual, 1)",
        "aie.dma_bd(%of_cons_buff_1 : memref<16xi32> offset = 0 len = 16)",
        "aie.use_lock(%of_cons_cons_lock_0, Release, 1)",
        "aie.next_bd ^bb1",
        "^bb3:  // pred: ^bb0",
        "aie.end",
    ]


DISTRIBUTE = """
    %s = aie.tile(0, 0)
    %m = aie.tile(0, 1)
    %a = aie.tile(0, 2)
    %b = aie.tile(0, 3)
    aie.objectfifo @in(%s, {%m}, 1 : i32) : !aie.objectfifo<memref<24xi32>>
    aie.objectfifo @outa(%m, {%a}, 1 : i32) REPEAT : !aie.objectfifo<memref<8xi32>>
    aie.objectfifo @outb(%m, {%b}, 1 : i32) REPEAT : !aie.objectfifo<memref<16xi32>>
    aie.objectfifo.link [@in] -> [@outa, @outb] ([] [0, 8])
"""


def test_a_distribute_fills_and_drains_part_by_part_each_with_its_locks(lower_fifos) -> None:
    program = lower_fifos(DISTRIBUTE.replace("REPEAT", "")).part("%memtile_dma_0_1")
    assert moves(program) == [
        "in_cons_buff_0 : memref<24xi32> offset = 0 len = 8",
        "in_cons_buff_0 : memref<24xi32> offset = 8 len = 16",
        "in_cons_buff_0 : memref<24xi32> offset = 0 len = 8",
        "in_cons_buff_0 : memref<24xi32> offset = 8 len = 16",
    ]
    assert locks(program)[:4] == [
        "in_cons_prod_lock_0",
        "in_cons_cons_lock_0",
        "in_cons_prod_lock_1",
        "in_cons_cons_lock_1",
    ]
    assert locks(program)[6:] == ["in_cons_cons_lock_1", "in_cons_prod_lock_1"]


def test_what_is_drained_twice_is_filled_for_two(lower_fifos) -> None:
    repeated = DISTRIBUTE.replace("REPEAT", "{repeat_count = 2 : i32}")
    program = lower_fifos(repeated).part("%memtile_dma_0_1")
    fill = program[: program.index("aie.next_bd ^bb1")]
    assert "aie.use_lock(%in_cons_prod_lock_0, AcquireGreaterEqual, 2)" in fill
    assert "aie.use_lock(%in_cons_cons_lock_0, Release, 2)" in fill
    assert [m for m in moves(program) if m.endswith("offset = 0 len = 8")].count(
        "in_cons_buff_0 : memref<24xi32> offset = 0 len = 8"
    ) == 2
    drains = [line for line in program if "MM2S" in line]
    assert [line.split(", ")[-1] for line in drains] == ["repeat_count = 1)"] * 2


def test_a_join_drains_its_parts_in_the_order_of_the_inputs(lower_fifos) -> None:
    program = lower_fifos("""
    %s = aie.tile(0, 0)
    %m = aie.tile(0, 1)
    %a = aie.tile(0, 2)
    %b = aie.tile(0, 3)
    aie.objectfifo @ina(%a, {%m}, 1 : i32) : !aie.objectfifo<memref<8xi32>>
    aie.objectfifo @inb(%b, {%m}, 1 : i32) : !aie.objectfifo<memref<16xi32>>
    aie.objectfifo @out(%m, {%s}, 1 : i32) : !aie.objectfifo<memref<24xi32>>
    aie.objectfifo.link [@ina, @inb] -> [@out] ([0, 8] [])
    """).part("%memtile_dma_0_1")
    assert moves(program) == [
        "out_buff_0 : memref<24xi32> offset = 0 len = 8",
        "out_buff_0 : memref<24xi32> offset = 8 len = 16",
        "out_buff_0 : memref<24xi32> offset = 0 len = 8",
        "out_buff_0 : memref<24xi32> offset = 8 len = 16",
    ]
    assert locks(program)[-4:] == [
        "out_cons_lock_0",
        "out_prod_lock_0",
        "out_cons_lock_1",
        "out_prod_lock_1",
    ]


def test_a_counted_chain_ends_and_is_started_again_by_the_channel(lower_fifos) -> None:
    program = lower_fifos("""
    %s = aie.tile(0, 0)
    %m = aie.tile(0, 1)
    aie.objectfifo @in(%s, {%m}, 2 : i32) {iter_count = 5 : i32} : !aie.objectfifo<memref<8xi32>>
    """).part("%memtile_dma_0_1")
    assert program[0] == "%0 = aie.dma_start(S2MM, 0, ^bb1, ^bb4, repeat_count = 4)"
    assert program.count("aie.end") == 2
    assert "aie.next_bd ^bb3" in program


def test_dimensions_go_to_the_end_that_they_were_written_at(lower_fifos) -> None:
    lowered = lower_fifos("""
    %a = aie.tile(0, 2)
    %b = aie.tile(1, 4)
    aie.objectfifo @of(%a dimensionsToStream [<size = 4, stride = 4>, <size = 4, stride = 1>],
        {%b dimensionsFromStream [<size = 2, stride = 8>, <size = 8, stride = 1>]}, 1 : i32)
        : !aie.objectfifo<memref<16xi32>>
    """)
    assert moves(lowered.part("%mem_0_2")) == [
        "of_buff_0 : memref<16xi32> offset = 0 len = 16 sizes = [4, 4] strides = [4, 1]"
    ]
    assert moves(lowered.part("%mem_1_4")) == [
        "of_cons_buff_0 : memref<16xi32> offset = 0 len = 16 sizes = [2, 8] strides = [8, 1]"
    ]


def test_padding_is_added_where_a_memory_tile_sends(
    lower_fifos, caplog: pytest.LogCaptureFixture
) -> None:
    program = lower_fifos("""
    %s = aie.tile(0, 0)
    %m = aie.tile(0, 1)
    %c = aie.tile(0, 4)
    aie.objectfifo @in(%s, {%m}, 1 : i32) : !aie.objectfifo<memref<8xi32>>
    aie.objectfifo @out(%m dimensionsToStream [<size = 8, stride = 1>], {%c}, 1 : i32)
        {padDimensions = #aie<bd_pad_layout_array[<const_pad_before = 3, const_pad_after = 5>]>}
        : !aie.objectfifo<memref<16xi32>>
    aie.objectfifo.link [@in] -> [@out] ([] [])
    """).part("%memtile_dma_0_1")
    assert moves(program) == [
        "in_cons_buff_0 : memref<8xi32> offset = 0 len = 8",
        "in_cons_buff_0 : memref<8xi32> offset = 0 len = 16 sizes = [8] strides = [1] "
        "pad [<const_pad_before = 3, const_pad_after = 5>]",
    ]
    assert not caplog.records


def test_a_join_cannot_repeat_its_output(lower_fifos) -> None:
    with pytest.raises(DesignError, match="@out is the output of a join"):
        lower_fifos("""
    %m = aie.tile(0, 1)
    %a = aie.tile(0, 2)
    %b = aie.tile(0, 3)
    aie.objectfifo @ina(%a, {%m}, 1 : i32) : !aie.objectfifo<memref<8xi32>>
    aie.objectfifo @inb(%b, {%m}, 1 : i32) : !aie.objectfifo<memref<8xi32>>
    aie.objectfifo @out(%m, {%a}, 1 : i32) {repeat_count = 2 : i32}
        : !aie.objectfifo<memref<16xi32>>
    aie.objectfifo.link [@ina, @inb] -> [@out] ([0, 8] [])
    """)


INITIAL = "[dense<1> : memref<8xi32>]"


def test_initial_values_say_how_much_a_link_moves(lower_fifos) -> None:
    program = lower_fifos(f"""
    %s = aie.tile(0, 0)
    %m = aie.tile(0, 1)
    %c = aie.tile(0, 4)
    aie.objectfifo @in(%s, {{%m}}, 1 : i32) : !aie.objectfifo<memref<16xi32>>
    aie.objectfifo @out(%m, {{%c}}, 1 : i32) : !aie.objectfifo<memref<8xi32>> = {INITIAL}
    aie.objectfifo.link [@in] -> [@out] ([] [])
    """).part("%memtile_dma_0_1")
    assert moves(program) == [
        "out_buff_0 : memref<8xi32> offset = 0 len = 16",
        "out_buff_0 : memref<8xi32> offset = 0 len = 8",
    ]


def test_a_link_through_a_core_needs_equal_depths(lower_fifos) -> None:
    with pytest.raises(DesignError, match="@out has 3 objects, but its link shares those of @in"):
        lower_fifos("""
    %s = aie.tile(0, 0)
    %w = aie.tile(0, 2)
    aie.objectfifo @in(%s, {%w}, 2 : i32) : !aie.objectfifo<memref<8xi32>>
    aie.objectfifo @out(%w, {%s}, 3 : i32) : !aie.objectfifo<memref<8xi32>>
    aie.objectfifo.link [@in] -> [@out] ([] [])
    """)


LINKED = """
    %s = aie.tile(0, 0)
    %m = aie.tile(0, 1)
    %a = aie.tile(0, 2)
    aie.objectfifo @in(%s, {{%m{from_stream}}}, 2 : i32) : !aie.objectfifo<memref<{size}xi32>>
    aie.objectfifo @out(%m{to_stream}, {{%a}}, 2 : i32) {attributes}:
      !aie.objectfifo<memref<16xi32>>
    aie.objectfifo.link [@in] -> [@out] ([] [])
"""
FOUR_BY_FOUR = "[<size = 4, stride = 1>, <size = 4, stride = 4>]"


def linked(size: int, to_stream: str = "", from_stream: str = "", attributes: str = "") -> str:
    return LINKED.format(
        size=size,
        to_stream=f" dimensionsToStream {to_stream}" if to_stream else "",
        from_stream=f" dimensionsFromStream {from_stream}" if from_stream else "",
        attributes=attributes,
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            linked(64, to_stream=FOUR_BY_FOUR),
            "dimensionsToStream of @out moves 4 * 4 = 16 elements, but each descriptor sends 64: "
            "an object of @in, memref<64xi32>",
        ),
        (
            linked(8, from_stream="[<size = 4, stride = 2>, <size = 2, stride = 1>]"),
            "dimensionsFromStream of @in moves 4 * 2 = 8 elements, but each descriptor receives "
            "16: an object of @out, memref<16xi32>",
        ),
        (
            linked(16, to_stream="[<size = 2, stride = 1>, <size = 4, stride = 4>]"),
            "dimensionsToStream of @out moves 2 * 4 = 8 elements, but each descriptor sends 16",
        ),
        (
            linked(
                16,
                to_stream=FOUR_BY_FOUR,
                attributes="{padDimensions = #aie<bd_pad_layout_array[<const_pad_before = 0, "
                "const_pad_after = 2>, <const_pad_before = 0, const_pad_after = 0>]>} ",
            ),
            "with their padding moves (0 + 4 + 2) * (0 + 4 + 0) = 24 elements",
        ),
    ],
)
def test_dimensions_that_leave_something_of_an_object_are_refused(
    lower_fifos, text: str, message: str
) -> None:
    with pytest.raises(DesignError) as caught:
        lower_fifos(text)
    assert message in caught.value.message
    assert caught.value.location is not None


def test_dimensions_of_a_joins_output_cover_each_part(lower_fifos) -> None:
    text = """
    %s = aie.tile(0, 0)
    %m = aie.tile(0, 1)
    %a = aie.tile(0, 2)
    %b = aie.tile(0, 3)
    aie.objectfifo @ina(%a, {%m}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    aie.objectfifo @inb(%b, {%m}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    aie.objectfifo @out(%m dimensionsToStream DIMS, {%s}, 2 : i32)
      : !aie.objectfifo<memref<32xi32>>
    aie.objectfifo.link [@ina, @inb] -> [@out] ([0, 16] [])
    """
    lowered = lower_fifos(text.replace("DIMS", FOUR_BY_FOUR))
    assert len([line for line in lowered.part("%memtile_dma_0_1") if "sizes = [4, 4]" in line]) == 4
    with pytest.raises(DesignError, match="each descriptor sends 16: a part of an object of @out"):
        lower_fifos(text.replace("DIMS", "[<size = 2, stride = 1>, <size = 4, stride = 4>]"))


@pytest.mark.parametrize("size", [8, 32])
def test_a_link_through_a_core_passes_on_whole_objects(lower_fifos, size: int) -> None:
    with pytest.raises(DesignError, match=r"the objects of @(in|out) are memref") as caught:
        lower_fifos(f"""
    %s = aie.tile(0, 0)
    %a = aie.tile(0, 2)
    %b = aie.tile(0, 4)
    aie.objectfifo @in(%s, {{%a}}, 2 : i32) : !aie.objectfifo<memref<{size}xi32>>
    aie.objectfifo @out(%a, {{%b}}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    aie.objectfifo.link [@in] -> [@out] ([] [])
    """)
    assert "a link in a memory tile may cut objects" in caught.value.notes[0]

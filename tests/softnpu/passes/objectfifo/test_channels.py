"""DMA channels: handed out lowest first, and missed by name when none is left."""

from __future__ import annotations

import pytest

from softnpu.errors import DesignError


def starts(lowered) -> list[str]:
    return [line.split("(")[1].split(", ^")[0] for line in lowered.matching(r"aie\.dma_start")]


def test_channels_in_programs_of_the_authors_own_are_not_taken_again(lower_fifos) -> None:
    lowered = lower_fifos("""
    %s = aie.tile(0, 0)
    %w = aie.tile(0, 2)
    %mine = aie.buffer(%w) {sym_name = "mine"} : memref<16xi32>
    %mem = aie.mem(%w) {
      %0 = aie.dma_start(S2MM, 0, ^bd, ^end)
    ^bd:
      aie.dma_bd(%mine : memref<16xi32>, 0, 16)
      aie.next_bd ^bd
    ^end:
      aie.end
    }
    aie.objectfifo @of(%s, {%w}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    """)
    assert starts(lowered) == ["S2MM, 0", "S2MM, 1"]
    # The program goes on from the author's channel to the new one, and ends behind that.
    assert lowered.part("%mem_0_2")[0] == "%0 = aie.dma_start(S2MM, 0, ^bb1, ^bb2)"
    assert lowered.matching(r"aie\.flow") == [
        "aie.flow(%shim_noc_tile_0_0, DMA : 0, %tile_0_2, DMA : 1)"
    ]


@pytest.mark.parametrize(
    ("mine", "user"),
    [
        ("aie.flow(%s, DMA : 0, %m, DMA : 0)", "aie.flow"),
        (
            "aie.packet_flow(3) { aie.packet_source<%s, DMA : 0>\n aie.packet_dest<%m, DMA : 0> }",
            "aie.packet_flow",
        ),
    ],
)
def test_channels_of_the_authors_own_flows_are_not_taken_again(
    lower_fifos, caplog, mine: str, user: str
) -> None:
    """aie-opt joins the two streams without a word."""
    lowered = lower_fifos(f"""
    %s = aie.tile(0, 0)
    %m = aie.tile(0, 1)
    {mine}
    aie.objectfifo @of(%s, {{%m}}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    """)
    assert "aie.flow(%shim_noc_tile_0_0, DMA : 1, %mem_tile_0_1, DMA : 1)" in lowered.lines
    told = [record.getMessage() for record in caplog.records]
    assert (
        "aie-opt gives objectfifo @of the channel MM2S 0 of tile (0, 0), "
        f"which the {user} (line 6) has, too"
    ) in told[0]


def test_channels_of_the_authors_own_allocations_are_not_taken_again(lower_fifos, caplog) -> None:
    lowered = lower_fifos("""
    %s = aie.tile(0, 0)
    %m = aie.tile(0, 1)
    aie.shim_dma_allocation @mine(%s, MM2S, 0)
    aie.objectfifo @of(%s, {%m}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    """)
    assert "aie.flow(%shim_noc_tile_0_0, DMA : 1, %mem_tile_0_1, DMA : 0)" in lowered.lines
    assert not caplog.records


def test_a_channel_that_only_a_flow_has_is_listed_when_none_is_left(lower_fifos) -> None:
    with pytest.raises(DesignError) as error:
        lower_fifos("""
    %s = aie.tile(0, 0)
    %w = aie.tile(0, 2)
    aie.flow(%s, DMA : 0, %w, DMA : 0)
    aie.objectfifo @a(%s, {%w}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    aie.objectfifo @b(%s, {%w}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    """)
    assert error.value.notes[:2] == ("MM2S 0: the aie.flow (line 6)", "MM2S 1: @a")


def test_objects_in_a_neighbouring_memory_tile_get_a_channel_that_reaches_there(
    lower_fifos,
) -> None:
    small = "\n".join(
        f"    aie.objectfifo @small{n}(%s{n}, {{%m}}, 1 : i32) : !aie.objectfifo<memref<16xi32>>"
        for n in range(2)
    )
    lowered = lower_fifos(
        f"""
    %s0 = aie.tile(0, 0)
    %s1 = aie.tile(1, 0)
    %m = aie.tile(0, 1)
{small}
    aie.objectfifo @big(%s0, {{%m}}, 3 : i32) : !aie.objectfifo<memref<65536xi32>>
    """
    )
    assert "aie.flow(%shim_noc_tile_0_0, DMA : 1, %mem_tile_0_1, DMA : 2)" in lowered.lines


def test_a_core_stream_takes_the_place_of_a_dma(lower_fifos) -> None:
    lowered = lower_fifos("""
    %a = aie.tile(0, 2)
    %b = aie.tile(1, 4)
    aie.objectfifo @of(%a, {%b}, 2 : i32) {aie_stream = 0 : i32, aie_stream_port = 0 : i32}
        : !aie.objectfifo<memref<16xi32>>
    """)
    assert lowered.matching(r"aie\.flow") == ["aie.flow(%tile_0_2, Core : 0, %tile_1_4, DMA : 0)"]
    assert not lowered.matching(r"aie\.(mem|buffer|lock)\(%tile_0_2")


def test_no_channel_left_lists_the_users_and_a_way_out(lower_fifos) -> None:
    with pytest.raises(DesignError) as error:
        lower_fifos("""
    %s = aie.tile(0, 0)
    %w = aie.tile(0, 2)
    aie.objectfifo @a(%s, {%w}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    aie.objectfifo @b(%s, {%w}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    aie.objectfifo @c(%s, {%w}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    """)
    assert error.value.message == (
        "objectfifo @c finds no output DMA channel left in tile (0, 0), which has 2"
    )
    assert error.value.notes == (
        "MM2S 0: @a",
        "MM2S 1: @b",
        "use the shim tile of another column, or join streams in a memory tile",
    )


def test_two_fifos_at_one_stream_port_are_refused(lower_fifos) -> None:
    fifo = """
    aie.objectfifo @{name}(%a, {{%b}}, 2 : i32) {{aie_stream = 0 : i32, aie_stream_port = 0 : i32}}
        : !aie.objectfifo<memref<16xi32>>
    """
    with pytest.raises(DesignError, match="@two needs stream port 0 out of the core of"):
        lower_fifos(
            "    %a = aie.tile(0, 2)\n    %b = aie.tile(1, 4)\n"
            + fifo.format(name="one")
            + fifo.format(name="two")
        )

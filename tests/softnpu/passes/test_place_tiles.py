"""Where logical tiles go: as aie-opt of mlir-aie 1.4 places them."""

from __future__ import annotations

import pytest
from xdsl.context import Context

from softnpu.dialects.aie import LogicalTileOp, TileOp
from softnpu.dialects.text import parse_text, print_module, verify
from softnpu.errors import DesignError
from softnpu.passes.place_tiles import PlaceTilesPass
from tests.softnpu.passes.conftest import Lower

FIFO = "2 : i32) : !aie.objectfifo<memref<16xi32>>"

ONE_PINNED = f"""
  %a = aie.logical_tile<CoreTile>(?, ?)
  %b = aie.logical_tile<CoreTile>(?, ?)
  %s = aie.logical_tile<ShimNOCTile>(?, ?)
  %p = aie.logical_tile<CoreTile>(0, 2)
  aie.objectfifo @x(%s, {{%a}}, {FIFO}
  aie.objectfifo @y(%b, {{%s}}, {FIFO}
  aie.objectfifo @z(%p, {{%s}}, {FIFO}
"""

THREE_PRODUCERS = f"""
  %k = aie.logical_tile<CoreTile>(?, ?)
  %a = aie.logical_tile<CoreTile>(?, ?)
  %b = aie.logical_tile<CoreTile>(?, ?)
  %c = aie.logical_tile<CoreTile>(?, ?)
  %m = aie.logical_tile<MemTile>(?, ?)
  aie.objectfifo @x(%a, {{%k}}, {FIFO}
  aie.objectfifo @y(%b, {{%k}}, {FIFO}
  aie.objectfifo @z(%c, {{%k}}, {FIFO}
  aie.objectfifo @w(%m, {{%k}}, {FIFO}
"""


def placed(body: str, device: str = "npu1", **options: int | bool) -> list[tuple[int, int]]:
    """The tiles of a design after placement, in the order of its text."""
    module = parse_text(f"module {{ aie.device({device}) {{ {body} }} }}", "design.mlir")
    PlaceTilesPass(**options).apply(Context(), module)  # type: ignore[arg-type]
    verify(module)
    assert not any(isinstance(op, LogicalTileOp) for op in module.walk())
    return [op.position for op in module.walk() if isinstance(op, TileOp)]


def refused(body: str, device: str = "npu1", **options: int) -> str:
    with pytest.raises(DesignError) as error:
        placed(body, device, **options)
    return str(error.value)


def test_pinned_tiles_come_first_and_the_shim_goes_below_its_cores() -> None:
    assert placed(ONE_PINNED) == [(0, 2), (0, 0), (0, 4), (0, 3)]


def test_with_few_cores_in_a_column_the_shim_goes_between_them() -> None:
    assert placed(ONE_PINNED, cores_per_col=1) == [(0, 2), (1, 0), (2, 2), (1, 2)]


def test_a_core_with_more_producers_than_channels_gets_them_for_neighbours() -> None:
    """One channel is left for three: two of the producers lie above and below it."""
    assert placed(THREE_PRODUCERS) == [(0, 1), (0, 5), (0, 4), (0, 2), (0, 3)]


def test_neighbours_that_no_column_has_are_named() -> None:
    told = refused(THREE_PRODUCERS, cores_per_col=1)
    assert "no core tile is left for tile <CoreTile>(?, ?)" in told
    assert "need a neighbour" in told


def test_memory_tiles_share_a_place_unless_they_must_not() -> None:
    body = f"""
      %c = aie.logical_tile<CoreTile>(?, ?)
      %m = aie.logical_tile<MemTile>(?, ?)
      %n = aie.logical_tile<MemTile>(?, ?)
      aie.objectfifo @x(%m, {{%c}}, {FIFO}
      aie.objectfifo @y(%c, {{%n}}, {FIFO}
    """
    assert sorted(set(placed(body))) == [(0, 1), (0, 2)]
    assert sorted(placed(body, merge_logical_tiles=False)) == [(0, 1), (0, 2), (1, 1)]


def test_more_cores_than_a_column_has_are_refused() -> None:
    assert "5 cores per column are asked for; npu1 has 4" in refused(ONE_PINNED, cores_per_col=5)


def test_a_full_array_is_told() -> None:
    cores = "\n".join(
        "%c = aie.logical_tile<CoreTile>(?, ?)".replace("%c", f"%c{n}") for n in range(5)
    )
    assert "npu1_1col has 4 places for cores" in refused(cores, "npu1_1col")


@pytest.mark.parametrize(
    ("tile", "why"),
    [
        ("<CoreTile>(0, 1)", "tile (0, 1) is a memory tile, not a core tile"),
        ("<MemTile>(9, ?)", "npu1 has columns 0 to 3, found 9"),
        ("<ShimPLTile>(?, ?)", "npu1 has no tiles of type ShimPLTile"),
        ('<ShimNOCTile>(?, ?) {allocation_scheme = "bank-aware"}', "has no memory"),
    ],
)
def test_a_tile_that_cannot_be_is_refused(tile: str, why: str) -> None:
    assert why in refused(f"%t = aie.logical_tile{tile}")


def test_what_asks_for_a_place_before_there_is_one_says_so() -> None:
    module = parse_text(f"module {{ aie.device(npu1) {{ {ONE_PINNED} }} }}", "design.mlir")
    fifo = next(op for op in module.walk() if op.name == "aie.objectfifo")
    with pytest.raises(DesignError, match="no place in the array yet") as error:
        _ = fifo.producer_tile_op  # type: ignore[attr-defined]
    assert "aie-place-tiles" in str(error.value)


TWO_CORES = """
  %a = aie.logical_tile<CoreTile>({a})
  %b = aie.logical_tile<CoreTile>({b})
"""
CASCADE = TWO_CORES + "aie.cascade_flow(%a, %b)"
SHARED = (
    TWO_CORES
    + """
  %w = aie.buffer(%b) {{sym_name = "w"}} : memref<16xi32>
  %core = aie.core(%a) {{
    %z = arith.constant 0 : index
    %x = memref.load %w[%z] : memref<16xi32>
    aie.end
  }}
"""
)


@pytest.mark.parametrize(
    ("body", "a", "b", "hints"),
    [
        (
            CASCADE,
            "1, 3",
            "1, 4",
            (
                "tile (1, 3) does not go with the other end of its cascade",
                "a cascade goes one tile to the south or to the east",
                "the cascade's destination (design.mlir:3:8) is at (1, 4)",
            ),
        ),
        (
            CASCADE,
            "3, 2",
            "?, ?",
            (
                "no core tile is left for tile <CoreTile>(?, ?)",
                "cascade: a cascade goes one tile to the south or to the east",
                "the cascade's source (design.mlir:2:8) is at (3, 2)",
            ),
        ),
        (
            SHARED,
            "1, 3",
            "2, 3",
            (
                "tile (1, 3) does not go with the other end of its shared memory",
                "a core reaches the memory of its north, south and west neighbours",
                "the tile of the buffer (design.mlir:3:8) is at (2, 3)",
            ),
        ),
    ],
)
def test_a_hint_says_what_the_other_end_asks_for(
    body: str, a: str, b: str, hints: tuple[str, ...]
) -> None:
    told = refused(body.format(a=a, b=b))
    for hint in hints:
        assert hint in told


def test_a_core_that_takes_more_than_it_has_channels_is_told_what_to_do() -> None:
    sources = "\n".join(
        f"%s{n} = aie.tile({n}, 0)\naie.objectfifo @in{n}(%s{n}, {{%c}}, {FIFO}" for n in range(3)
    )
    told = refused(f"%c = aie.logical_tile<CoreTile>(?, ?)\n{sources}")
    assert "would need 3 DMA channels in and 0 out; it has 2 DMA channels in" in told
    assert "pin it to a tile with free channels, or send less to it at once" in told


def test_the_column_that_would_be_best_is_told_when_no_shim_is_left() -> None:
    fifos = "\n".join(
        f"%s{n} = aie.logical_tile<ShimNOCTile>(?, ?)\naie.objectfifo @in{n}(%s{n}, {{%c}}, {FIFO}"
        for n in range(2)
    )
    body = f"%c = aie.logical_tile<CoreTile>(0, 2)\n{fifos}"
    told = refused(body, "npu1_1col", merge_logical_tiles=False)
    assert "no tile is left that is a shim tile with 0 DMA channels in and 1 out" in told
    assert "the best column would be 0" in told


def test_placement_folds_by_the_way_as_aie_opts_conversion_does() -> None:
    """Once each: what a folded op was used for is folded by later passes."""
    body = """
      %c = aie.logical_tile<CoreTile>(?, ?)
      %b = aie.buffer(%c) {sym_name = "b"} : memref<8xi32>
      %core = aie.core(%c) {
        %four = arith.constant 4 : index
        %n = arith.index_cast %four : index to i32
        %i = arith.constant 1 : i32
        %sum = arith.addi %n, %i : i32
        %x = memref.load %b[%four] : memref<8xi32>
        %y = arith.muli %i, %x : i32
        %part = memref.subview %b[0] [4] [1] : memref<8xi32> to memref<4xi32, strided<[1]>>
        %all = memref.reinterpret_cast %part to offset: [0], sizes: [4], strides: [1]
          : memref<4xi32, strided<[1]>> to memref<4xi32>
        memref.store %y, %b[%four] : memref<8xi32>
        memref.store %sum, %all[%four] : memref<4xi32>
        aie.end
      }
    """
    module = parse_text(f"module {{ aie.device(npu1) {{ {body} }} }}", "design.mlir")
    PlaceTilesPass().apply(Context(), module)
    verify(module)
    core = print_module(module).split("aie.core(")[1]
    assert [line.strip() for line in core.splitlines()[1:12]] == [
        "%c4 = arith.constant 4 : index",
        "%c4_i32 = arith.constant 4 : i32",
        "%c1_i32 = arith.constant 1 : i32",
        "%0 = arith.addi %c4_i32, %c1_i32 : i32",
        "%1 = memref.load %b[%c4] : memref<8xi32>",
        "%subview = memref.subview %b[0] [4] [1] : memref<8xi32> to memref<4xi32, strided<[1]>>",
        "%reinterpret_cast = memref.reinterpret_cast %b to offset: [0], sizes: [4], "
        "strides: [1] : memref<8xi32> to memref<4xi32>",
        "memref.store %1, %b[%c4] : memref<8xi32>",
        "memref.store %0, %reinterpret_cast[%c4] : memref<4xi32>",
        "aie.end",
        "}",
    ]


VERSAL = """aie.device(xcve2302) {
  %shim = aie.logical_tile<KIND>(?, ?)
  %core = aie.logical_tile<CoreTile>(?, ?)
  aie.objectfifo @in(%shim, {%core}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
}"""


def test_a_shim_tile_with_a_dma_goes_where_one_is(lower: Lower) -> None:
    text = lower(VERSAL.replace("KIND", "ShimNOCTile"), PlaceTilesPass())
    assert "%shim_noc_tile_2_0 = aie.tile(2, 0)" in text


def test_a_shim_tile_without_a_dma_is_placed_by_its_author(lower: Lower) -> None:
    with pytest.raises(DesignError, match="a ShimPLTile has no DMA, by which a place"):
        lower(VERSAL.replace("KIND", "ShimPLTile"), PlaceTilesPass())
    with pytest.raises(DesignError, match="sa_placer places on NPUs, xcve2302 is none"):
        lower(VERSAL.replace("KIND", "ShimNOCTile"), PlaceTilesPass("sa_placer"))

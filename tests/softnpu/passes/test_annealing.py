"""Placement by annealing: as mlir-aie's annealing placer, built by GCC 12, places these designs."""

from __future__ import annotations

import pytest
from xdsl.context import Context

from softnpu.dialects.aie import LogicalTileOp, ObjectFifoAllocateOp, TileOp
from softnpu.dialects.text import parse_text, verify
from softnpu.errors import DesignError
from softnpu.passes.place_tiles import PlaceTilesPass
from softnpu.passes.placement import cooling, search

Position = tuple[int, int]

CHAIN = """
  %s = aie.logical_tile<ShimNOCTile>(?, ?)
  %m = aie.logical_tile<MemTile>(?, ?)
  %a = aie.logical_tile<CoreTile>(?, ?)
  %b = aie.logical_tile<CoreTile>(?, ?)
  %c = aie.logical_tile<CoreTile>(?, ?)
  aie.objectfifo @in(%s, {%m}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
  aie.objectfifo @mid(%m, {%a}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
  aie.objectfifo @ab(%a, {%b}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
  aie.objectfifo @bc(%b, {%c}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
  aie.objectfifo.link [@in] -> [@mid]([] [])
"""

FULL_CORE = """
  %a = aie.logical_tile<CoreTile>(2, ?)
  %b = aie.logical_tile<CoreTile>(?, ?)
  aie.objectfifo @ab(%a, {%b}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
  %w = aie.buffer(%a) : memref<13000xi32>
  aie.objectfifo @small(%a, {%a}, 2 : i32) : !aie.objectfifo<memref<512xi32>>
  aie.objectfifo @large(%a, {%a}, 3 : i32) : !aie.objectfifo<memref<1024xi32>>
  %core = aie.core(%a) { aie.end }
"""

EVERYTHING = """
  %s = aie.logical_tile<ShimNOCTile>(?, ?)
  %t = aie.logical_tile<ShimNOCTile>(?, ?)
  %m = aie.logical_tile<MemTile>(?, ?)
  %n = aie.logical_tile<MemTile>(?, ?)
  %a = aie.logical_tile<CoreTile>(?, ?)
  %b = aie.logical_tile<CoreTile>(?, ?)
  %c = aie.logical_tile<CoreTile>(?, ?)
  %d = aie.logical_tile<CoreTile>(?, ?)
  %e = aie.logical_tile<CoreTile>(?, ?)
  aie.cascade_flow(%a, %b)
  aie.objectfifo @in(%s, {%m}, 2 : i32) : !aie.objectfifo<memref<4096xi32>>
  aie.objectfifo @all(%m, {%a, %b, %c, %d, %e}, 2 : i32) : !aie.objectfifo<memref<4096xi32>>
  aie.objectfifo.link [@in] -> [@all]([] [])
  aie.objectfifo @cd(%c, {%d}, 2 : i32) : !aie.objectfifo<memref<2048xi32>>
  aie.objectfifo @de(%d, {%e, %c}, 3 : i32) : !aie.objectfifo<memref<2048xi32>>
  aie.objectfifo @out0(%b, {%n}, 2 : i32) : !aie.objectfifo<memref<1024xi32>>
  aie.objectfifo @out1(%e, {%n}, 2 : i32) : !aie.objectfifo<memref<1024xi32>>
  aie.objectfifo @out(%n, {%t}, 2 : i32) : !aie.objectfifo<memref<2048xi32>>
  aie.objectfifo.link [@out0, @out1] -> [@out]([0, 1024] [])
  %w = aie.buffer(%c) : memref<4000xi32>
  %ca = aie.core(%a) { aie.end }
  %cc = aie.core(%c) { aie.end }
"""


def annealed(
    body: str, device: str = "npu2", seed: int = 1
) -> tuple[list[Position], dict[str, Position]]:
    """Where the logical tiles went, in the order of the text, and the objects of objectfifos."""
    module = parse_text(f"module {{ aie.device({device}) {{ {body} }} }}", "design.mlir")
    # An op that uses a tile shows what became of it.
    tiles = [op.result for op in module.walk() if isinstance(op, LogicalTileOp)]
    users = [use for tile in tiles for use in list(tile.uses)[:1]]
    PlaceTilesPass(placer="sa_placer", sa_seed=seed).apply(Context(), module)
    verify(module)
    owners = [use.operation.operands[use.index].owner for use in users]
    allocated = {
        op.obj_fifo_name: op.delegate_tile_op.position
        for op in module.walk()
        if isinstance(op, ObjectFifoAllocateOp)
    }
    return [owner.position for owner in owners if isinstance(owner, TileOp)], allocated


def refused(body: str, device: str = "npu1") -> str:
    with pytest.raises(DesignError) as error:
        annealed(body, device)
    return str(error.value)


def test_a_seed_gives_its_placement_and_another_seed_another() -> None:
    """In the first, both ends of a fifo can hold its objects, and the consumer has more room."""
    assert annealed(CHAIN, seed=1) == (
        [(4, 0), (4, 1), (4, 2), (3, 2), (3, 3)],
        {"bc": (3, 3)},
    )
    assert annealed(CHAIN, seed=3) == ([(4, 0), (4, 1), (4, 2), (5, 2), (5, 3)], {})


def test_the_whole_search_with_cascades_broadcasts_and_links(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A search of 238 iterations, of which every fortieth counts anew, as that placer takes it."""
    monkeypatch.setattr(cooling, "FEWEST_ITERATIONS", 150)
    monkeypatch.setattr(cooling, "ITERATIONS_SCALE", 30)
    monkeypatch.setattr(search, "RECOUNT", 40)
    places, _ = annealed(EVERYTHING, "npu1", seed=1)
    shims, memory, cores = places[:2], places[2:4], places[4:]
    assert (shims, memory) == ([(0, 0), (3, 0)], [(1, 1), (3, 1)])
    assert cores == [(1, 2), (2, 2), (3, 3), (2, 3), (3, 2)]


def test_what_overflows_a_core_goes_to_a_neighbour_and_says_so() -> None:
    assert annealed(FULL_CORE) == (
        [(2, 2), (2, 3)],
        {"small": (1, 2), "large": (1, 2)},
    )


def test_cascades_come_to_lie_side_by_side_and_given_coordinates_are_kept() -> None:
    body = """
      %p = aie.logical_tile<CoreTile>(2, 4)
      %q = aie.logical_tile<CoreTile>(?, ?)
      %r = aie.logical_tile<CoreTile>(?, 3)
      aie.cascade_flow(%p, %q)
      aie.cascade_flow(%q, %r)
    """
    assert annealed(body, "npu1", seed=1)[0] == [(2, 4), (3, 4), (3, 3)]
    assert annealed(body, "npu1", seed=3)[0] == [(2, 4), (2, 3), (3, 3)]


def test_without_anything_between_tiles_they_stay_where_heavy_ones_lie_apart() -> None:
    body = """
      %a = aie.logical_tile<CoreTile>(?, ?)
      %b = aie.logical_tile<CoreTile>(?, ?)
      %c = aie.logical_tile<CoreTile>(?, ?)
      %w = aie.buffer(%c) : memref<999xi32>
      %x = aie.core(%a) { aie.end }
      %y = aie.core(%b) { aie.end }
    """
    assert annealed(body, "npu1")[0] == [(2, 2), (1, 3), (0, 2)]


def test_more_cores_than_there_are_places_are_told() -> None:
    cores = "\n".join(f"%c{n} = aie.logical_tile<CoreTile>(?, ?)" for n in range(5))
    told = refused(cores, "npu1_1col")
    assert "no core tile is left for tile <CoreTile>(?, ?)" in told
    assert "npu1_1col has 4 of them" in told


def test_a_memory_tile_that_is_not_brought_to_its_column_is_refused() -> None:
    """Placers that look at columns only when a tile moves would leave it in column 0."""
    told = refused("%m = aie.logical_tile<MemTile>(3, ?)")
    assert "puts tile <MemTile>(3, ?) into tile (0, 1)" in told
    assert "give both coordinates or none" in told


def test_seed_zero_is_another_one_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter((1, 3))
    monkeypatch.setattr("softnpu.passes.placement.annealing.randbits", lambda _: next(drawn))
    assert annealed(CHAIN, seed=0) == annealed(CHAIN, seed=1)
    assert annealed(CHAIN, seed=0) == annealed(CHAIN, seed=3)

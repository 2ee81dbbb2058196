"""Each end's own fifo: its name, its depth, what it inherits."""

from __future__ import annotations

import pytest

from softnpu.errors import DesignError

ACQUIRE = """
    %core = aie.core(%w) {{
      %v = aie.objectfifo.acquire @of({port}, {number}) : !aie.objectfifosubview<memref<16xi32>>
      aie.objectfifo.release @of({port}, {number})
      aie.end
    }}
"""


def depth(lowered, fifo: str) -> int:
    return len(lowered.matching(rf"aie\.buffer.*{fifo}_buff_\d+"))


def test_a_core_gets_one_object_more_than_it_holds(lower_fifos) -> None:
    lowered = lower_fifos(
        """
    %s = aie.tile(0, 0)
    %w = aie.tile(0, 2)
    aie.objectfifo @of(%s, {%w}, 6 : i32) : !aie.objectfifo<memref<16xi32>>
    """
        + ACQUIRE.format(port="Consume", number=3)
    )
    assert depth(lowered, "of_cons") == 4
    assert lowered.matching("of_cons_prod_lock_0 = ") == [
        "%of_cons_prod_lock_0 = aie.lock(%tile_0_2) {init = 4 : i32, "
        'sym_name = "of_cons_prod_lock_0"}'
    ]


def test_a_depth_of_one_stays_one(lower_fifos) -> None:
    lowered = lower_fifos(
        """
    %s = aie.tile(0, 0)
    %w = aie.tile(0, 2)
    aie.objectfifo @of(%w, {%s}, 1 : i32) : !aie.objectfifo<memref<16xi32>>
    """
        + ACQUIRE.format(port="Produce", number=1)
    )
    assert depth(lowered, "of") == 1


def test_listed_depths_are_taken_end_by_end(lower_fifos) -> None:
    lowered = lower_fifos("""
    %p = aie.tile(0, 2)
    %m = aie.tile(0, 1)
    %c = aie.tile(1, 4)
    aie.objectfifo @of(%p, {%m, %c}, [3, 5, 2]) : !aie.objectfifo<memref<16xi32>>
    """)
    assert [depth(lowered, name) for name in ("of", "of_0_cons", "of_1_cons")] == [3, 5, 2]


def test_each_core_of_a_broadcast_acquires_from_its_own_end(lower_fifos) -> None:
    core = """
    %core{n} = aie.core(%w{n}) {{
      %v = aie.objectfifo.acquire @of(Consume, 1) : !aie.objectfifosubview<memref<16xi32>>
      aie.end
    }}
    """
    lowered = lower_fifos(
        """
    %s = aie.tile(0, 0)
    %w0 = aie.tile(0, 2)
    %w1 = aie.tile(1, 3)
    aie.objectfifo @of(%s, {%w0, %w1}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    """
        + core.format(n=0)
        + core.format(n=1),
        unroll=True,
    )
    for name, tile in (("of_0_cons", "0_2"), ("of_1_cons", "1_3")):
        use = f"aie.use_lock(%{name}_cons_lock_0, AcquireGreaterEqual, 1)"
        assert use in lowered.part(f"%core_{tile}")


def test_registered_external_buffers_make_the_shims_descriptors(lower_fifos) -> None:
    lowered = lower_fifos("""
    %s = aie.tile(0, 0)
    %w = aie.tile(0, 2)
    %x0 = aie.external_buffer {sym_name = "x0"} : memref<64xi32>
    %x1 = aie.external_buffer {sym_name = "x1"} : memref<64xi32>
    aie.objectfifo @of(%s, {%w}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    aie.objectfifo.register_external_buffers @of (%s, {%x0, %x1}) : (memref<64xi32>, memref<64xi32>)
    """)
    assert [line for line in lowered.part("%shim_dma_0_0") if "dma_bd" in line] == [
        "aie.dma_bd(%x0 : memref<64xi32> offset = 0 len = 64)",
        "aie.dma_bd(%x1 : memref<64xi32> offset = 0 len = 64)",
    ]
    assert "init = 2" in lowered.matching("%of_prod_lock_0 = ")[0]


def test_a_depth_beyond_what_an_op_holds_is_refused(lower_fifos) -> None:
    body = """
    %s = aie.tile(0, 0)
    %w = aie.tile(0, 2)
    %x = aie.tile(0, 3)
    aie.objectfifo @of(%s, {%w, %x}, [2, 4294967296, 3]) : !aie.objectfifo<memref<16xi32>>
    """
    with pytest.raises(DesignError, match="@of would have to be 4,294,967,296 objects deep"):
        lower_fifos(body)


CUT = """
    %s = aie.tile(0, 0)
    %w = aie.tile(0, 2)
    aie.objectfifo @of(%s, {{%w}}, {depth}) : !aie.objectfifo<memref<16xi32>>
    aie.core(%w) {{
      %o = aie.objectfifo.acquire @of(Consume, {held}) : !aie.objectfifosubview<memref<16xi32>>
      aie.objectfifo.release @of(Consume, {held})
      aie.end
    }}
"""


@pytest.mark.parametrize("depth", [17, 64, 300, 100_000])
def test_a_depth_that_is_not_made_is_told(lower_fifos, caplog, depth: int) -> None:
    lowered = lower_fifos(CUT.format(depth=f"{depth} : i32", held=2))
    assert len(lowered.matching("^%of_cons_buff")) == 3
    assert f"design.mlir:6:5: warning: objectfifo @of is {depth:,} objects deep" in caplog.text
    assert "of which 3 are made in tile (0, 2): its core holds 2 at most" in caplog.text


@pytest.mark.parametrize("depth", ["3 : i32", "[1, 7]"])
def test_a_depth_that_is_made_needs_no_word(lower_fifos, caplog, depth: str) -> None:
    lower_fifos(CUT.format(depth=depth, held=2))
    assert caplog.text == ""

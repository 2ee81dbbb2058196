from __future__ import annotations

import re

import pytest

from softnpu.errors import DesignError
from softnpu.passes.assign_bd_ids import AssignBufferDescriptorIDsPass
from tests.softnpu.passes.conftest import Lower

ASSIGN = AssignBufferDescriptorIDsPass()


def descriptors(text: str) -> list[tuple[int, int | None]]:
    """(bd_id, next_bd_id) of every descriptor in the order of the text."""
    pattern = r"aie\.dma_bd\(.*\{bd_id = (\d+) : i32(?:, next_bd_id = (\d+) : i32)?\}"
    return [(int(m[1]), None if m[2] is None else int(m[2])) for m in re.finditer(pattern, text)]


def chain(row: int, channels: list[tuple[str, int, int]]) -> str:
    """A DMA program with, for each (direction, channel, n), a ring of n descriptors."""
    kind = "aie.memtile_dma" if row == 1 else "aie.mem"
    blocks, label = [], 0
    for direction, channel, count in channels:
        start = label
        after = label + count + 1
        blocks.append(f"aie.dma_start({direction}, {channel}, ^b{start + 1}, ^b{after})")
        for n in range(count):
            following = start + 1 + (n + 1) % count
            blocks.append(f"^b{start + 1 + n}: aie.dma_bd(%b : memref<8xi32>, 0, 8)")
            blocks.append(f"aie.next_bd ^b{following}")
        blocks.append(f"^b{after}:")
        label = after
    program = "\n".join(blocks)
    return f"""aie.device(npu1) {{
      %t = aie.tile(0, {row})
      %b = aie.buffer(%t) {{sym_name = "b"}} : memref<8xi32>
      %m = {kind}(%t) {{
        {program} aie.end
      }}
    }}"""


def test_descriptors_are_numbered_in_order_and_know_who_follows(lower: Lower) -> None:
    text = lower(chain(2, [("S2MM", 0, 2), ("MM2S", 0, 1)]), ASSIGN)
    assert descriptors(text) == [(0, 1), (1, 0), (2, 2)]


def test_odd_channels_of_a_memory_tile_use_the_upper_descriptors(lower: Lower) -> None:
    text = lower(chain(1, [("S2MM", 0, 1), ("S2MM", 1, 2), ("MM2S", 2, 1)]), ASSIGN)
    assert descriptors(text) == [(0, 0), (24, 25), (25, 24), (1, 1)]


def test_numbers_that_the_author_gives_are_kept(lower: Lower) -> None:
    design = chain(2, [("S2MM", 0, 3)])
    given = design.replace("0, 8)", "0, 8) {bd_id = 0 : i32}", 2).replace(
        "0, 8) {bd_id = 0 : i32}", "0, 8)", 1
    )
    assert descriptors(lower(given, ASSIGN)) == [(1, 0), (0, 2), (2, 1)]


def test_the_regions_of_a_dma_op_follow_each_other(lower: Lower) -> None:
    bd = """{
        aie.use_lock(%l, AcquireGreaterEqual, 1)
        aie.dma_bd(%b : memref<8xi32>, 0, 8)
        aie.use_lock(%l, Release, 1)
      }"""
    text = lower(
        f"""aie.device(npu1) {{
          %t = aie.tile(0, 2)
          %l = aie.lock(%t, 0) {{sym_name = "l"}}
          %b = aie.buffer(%t) {{sym_name = "b"}} : memref<8xi32>
          %m = aie.mem(%t) {{
            %0 = aie.dma(S2MM, 0) {{loop = false}} [{bd}, {bd}]
            %1 = aie.dma(MM2S, 0) [{bd}]
            aie.end
          }}
        }}""",
        ASSIGN,
    )
    assert descriptors(text) == [(0, 1), (1, None), (2, 2)]


def test_too_many_descriptors_say_the_limit_and_the_channel(lower: Lower) -> None:
    with pytest.raises(DesignError) as refused:
        lower(chain(1, [("S2MM", 1, 20), ("MM2S", 3, 5)]), ASSIGN)
    assert "24 buffer descriptors that channel 3 can use (24 to 47)" in str(refused.value)
    assert "the tile's DMA program has 25 descriptors (25 for buffer 'b')" in str(refused.value)


def test_the_descriptors_of_a_deep_objectfifo_are_summed_up(lower: Lower) -> None:
    design = chain(1, [("S2MM", 0, 30), ("MM2S", 0, 2)])
    buffers = "".join(
        f'%x{n} = aie.buffer(%t) {{sym_name = "in_cons_buff_{n}"}} : memref<8xi32>\n'
        for n in range(30)
    )
    design = design.replace("%m =", f"{buffers}%m =")
    for n in range(30):
        design = design.replace("aie.dma_bd(%b ", f"aie.dma_bd(%x{n} ", 1)
    with pytest.raises(DesignError) as refused:
        lower(design, ASSIGN)
    told = "has 32 descriptors (30 for objectfifo 'in', 2 for buffer 'b'): make objectfifos shall"
    assert told in str(refused.value)


def test_the_same_number_twice_is_refused(lower: Lower) -> None:
    design = chain(2, [("S2MM", 0, 2)]).replace("0, 8)", "0, 8) {bd_id = 5 : i32}")
    with pytest.raises(DesignError, match=r"bd_id 5 of tile \(0, 2\) is given twice"):
        lower(design, ASSIGN)


def test_a_descriptor_that_no_channel_runs_is_refused(lower: Lower) -> None:
    design = """aie.device(npu1) {
          %t = aie.tile(0, 2)
          %b = aie.buffer(%t) {sym_name = "b"} : memref<8xi32>
          %m = aie.mem(%t) {
            %0 = aie.dma_start(S2MM, 0, ^bb1, ^bb3)
          ^bb1:
            aie.dma_bd(%b : memref<8xi32>, 0, 8)
            aie.next_bd ^bb3
          ^bb2:
            aie.dma_bd(%b : memref<8xi32>, 0, 8)
            aie.next_bd ^bb3
          ^bb3:
            aie.end
          }
        }"""
    with pytest.raises(DesignError, match="no DMA channel runs this descriptor") as refused:
        lower(design, ASSIGN)
    assert refused.value.location is not None
    assert refused.value.location.line == 10

"""A sequence that ends within a descriptor of the array is told of."""

from __future__ import annotations

import pytest

from softnpu.compiler import pipelines
from softnpu.dialects.text import parse_text
from softnpu.passes.stream_sums import Chain, sum_warnings

DESIGN = """\
module {
  aie.device(npu1_1col) {
    %shim = aie.tile(0, 0)
    %mem = aie.tile(0, 1)
    %core = aie.tile(0, 2)
    DEVICE
    aie.runtime_sequence(%a: memref<256xi32>) {
      SEQUENCE
    }
  }
}
"""

FIFOS = """
    aie.objectfifo @in(%shim, {%mem}, 2 : i32) : !aie.objectfifo<memref<64xi32>>
    aie.objectfifo @out(%mem, {%shim}, 2 : i32) : !aie.objectfifo<memref<64xi32>>"""


def warnings(sequence: str, device: str = FIFOS) -> list[str]:
    module = parse_text(
        DESIGN.replace("SEQUENCE", sequence).replace("DEVICE", device), "design.mlir"
    )
    pipelines.run(pipelines.resource_allocation(), module)
    found = list(sum_warnings(module))
    assert all(text.startswith("design.mlir:") for text in found)
    return found


def memcpy(name: str, pattern: str) -> str:
    return (
        f"aiex.npu.dma_memcpy_nd(%a{pattern}) "
        f"{{id = 0 : i64, metadata = @{name}}} : memref<256xi32>\n"
    )


def run(name: str, length: int) -> str:
    return memcpy(name, f"[0, 0, 0, 0][1, 1, 1, {length}][0, 0, 0, 1]")


def task(what: str, length: int, repeat: int = 0, more: str = "") -> str:
    return (
        f"%t = aiex.dma_configure_task{what} {{\n"
        f"aie.dma_bd(%a : memref<256xi32>, 0, {length}{more}) {{bd_id = 0 : i32}}\n"
        f"aie.end }} {{repeat_count = {repeat} : i32}}\naiex.dma_start_task(%t)\n"
    )


@pytest.mark.parametrize(
    ("sequence", "message"),
    [
        (
            run("in", 100),
            "sends 400 bytes by @in, which ends within a descriptor: tile (0, 1) receives them by "
            "S2MM channel 0, and the last has 144 of its 256 and waits for the others",
        ),
        (
            run("out", 32),
            "takes 128 bytes by @out, which ends within a descriptor: tile (0, 1) sends them by "
            "MM2S channel 0, and 128 bytes of the last, of 256, stay for what comes next",
        ),
        (task("_for @in", 48), "sends 192 bytes by @in"),
        (memcpy("in", "[0, 0, 0, 0][3, 1, 1, 32][32, 0, 0, 1]"), "sends 384 bytes by @in"),
    ],
)
def test_a_sequence_that_moves_part_of_an_object(sequence: str, message: str) -> None:
    (warning,) = warnings(sequence)
    assert message in warning
    assert "warning: the sequence" in warning


REPEATED = (
    "[<size = 4, stride = 16>, <size = 1, stride = 16>, <size = 1, stride = 16>, "
    "<size = 16, stride = 1>]"
)


@pytest.mark.parametrize(
    "sequence",
    [
        run("in", 128),
        run("in", 32) + run("in", 32),
        task("_for @in", 32, repeat=1),
        memcpy("in", "[0, 0, 0, 0][2, 1, 1, 32][0, 0, 0, 1]"),
        task("_for @in", 16, more=f", {REPEATED}"),
    ],
    ids=["two", "two halves", "repeated", "an iteration", "a fourth dimension repeats"],
)
def test_all_transfers_of_a_fifo_together_make_whole_objects(sequence: str) -> None:
    assert warnings(sequence) == []


LINK = """
    aie.objectfifo @host(%shim, {%mem}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
    aie.objectfifo @big(%mem, {%core}, 2 : i32) : !aie.objectfifo<memref<64xi32>>
    aie.objectfifo.link [@host] -> [@big] ([] [])"""


@pytest.mark.parametrize(("length", "told"), [(16, True), (64, False)])
def test_in_a_link_the_larger_object_counts(length: int, told: bool) -> None:
    assert bool(warnings(run("host", length), LINK)) is told


COUNTED = """
    aie.objectfifo @in(%shim, {%mem}, 2 : i32) {iter_count = 2 : i32}
      : !aie.objectfifo<memref<64xi32>>"""


@pytest.mark.parametrize(("times", "told"), [(4, False), (5, True)])
def test_a_chain_that_ends_takes_no_more(times: int, told: bool) -> None:
    pattern = f"[0, 0, 0, 0][{times}, 1, 1, 64][0, 0, 0, 1]"
    found = warnings(memcpy("in", pattern), COUNTED)
    assert ["receives no more than 1,024" in text for text in found] == [True] * told


BY_HAND = """
    %b = aie.buffer(%core) {sym_name = "b"} : memref<64xi32>
    aie.shim_dma_allocation @in(%shim, MM2S, 1)
    aie.flow(%shim, DMA : 1, %core, DMA : 0)
    %d = aie.mem(%core) {
      aie.dma_start(S2MM, 0, ^once, ^end)
    ^once:
      aie.dma_bd(%b : memref<64xi32>, 0, 4)
      aie.next_bd ^first
    ^first:
      aie.dma_bd(%b : memref<64xi32>, 0, 16)
      aie.next_bd ^second
    ^second:
      aie.dma_bd(%b : memref<64xi32>, 0, 8)
      aie.next_bd ^first
    ^end:
      aie.end
    }"""


@pytest.mark.parametrize(
    ("length", "told"),
    [(4, False), (20, False), (28, False), (44, False), (16, True), (24, True), (32, True)],
)
def test_a_program_by_hand_is_followed_descriptor_by_descriptor(length: int, told: bool) -> None:
    assert bool(warnings(run("in", length), BY_HAND)) is told
    assert bool(warnings(task("(%shim, MM2S, 1)", length), BY_HAND)) is told


@pytest.mark.parametrize(
    ("total", "within"),
    [(0, None), (4, None), (6, (2, 8)), (12, None), (16, (4, 8)), (20, None), (22, (2, 8))],
)
def test_where_a_total_ends(total: int, within: tuple[int, int] | None) -> None:
    assert Chain((4, 8), 1, 1).within(total) == within


def test_what_cannot_be_added_up_is_left_out() -> None:
    chain = """aie.bd_chain @c(%x: memref<256xi32>) {
      aie.dma_bd(%x : memref<256xi32>, 0, 32)
      aie.end
    }"""
    started = "%c = aiex.dma_start_bd_chain_for @c(%a) : (memref<256xi32>) for @in"
    assert warnings(f"{run('in', 32)}{started}", FIFOS + chain) == []


QUEUED = """
    %b = aie.buffer(%mem) : memref<96xi32>
    aie.flow(%shim, DMA : 0, %mem, DMA : 0)
    aie.shim_dma_allocation @in(%shim, MM2S, 0)
    %d = aie.memtile_dma(%mem) {
      %first = aie.dma_start(S2MM, 0, ^header, ^then)
    ^header:
      aie.dma_bd(%b : memref<96xi32> offset = 0 len = 5)
      aie.next_bd ^end
    ^then:
      %second = aie.dma_start(S2MM, 0, ^rows, ^end, repeat_count = 7)
    ^rows:
      aie.dma_bd(%b : memref<96xi32> offset = 0 len = 12)
      aie.next_bd ^end
    ^end:
      aie.end
    }"""


def test_tasks_of_one_channel_are_taken_together() -> None:
    assert warnings(run("in", 5) + run("in", 96), QUEUED) == []
    (found,) = warnings(run("in", 5) + run("in", 97), QUEUED)
    assert "sends 408 bytes by @in, but tile (0, 1) receives no more than 404" in found


def test_what_stands_behind_a_chain_without_end_is_never_run() -> None:
    ends, goes_round = Chain((4, 8), None, 2), Chain((16, 32), 1, 1)
    assert ends.then(goes_round) == Chain((4, 8, 4, 8, 16, 32), 5, 1)
    assert goes_round.then(ends) == goes_round

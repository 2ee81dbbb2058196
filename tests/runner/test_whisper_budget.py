"""Whisper's encoder, added up: counts, sums, and what is said of where figures come from."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from runner.__main__ import main
from runner.bench.history import Figure
from runner.whisper_budget import (
    DISPATCH,
    HERE,
    PHOENIX,
    Encoder,
    Span,
    by_tiles,
    estimated,
    in_full,
    measured,
    print_plan,
)

SIZES = Encoder()


def macs() -> int:
    """Multiplications of weights in whisper-base's encoder, from its published sizes."""
    convolutions = 3000 * 80 * 3 * 512 + 1500 * 512 * 3 * 512
    block = 4 * 1500 * 512 * 512 + 2 * 1500 * 512 * 2048
    return convolutions + 6 * block


def test_the_products_are_those_of_whisper_base() -> None:
    assert sum(rows * depth * columns for rows, depth, columns in SIZES.products()) == macs()


@pytest.mark.parametrize("side", [64, 256])
def test_rounding_up_to_whole_tiles_costs_little(side: int) -> None:
    assert 1 <= SIZES.cubes(side) * side**3 / macs() < 1.06


def test_24_tiles_a_head_make_1152_encoder_blocks() -> None:
    blocks = next(w for w in by_tiles(SIZES).works if w.what == "encoder blocks")
    assert blocks.calls == 24 * 8 * 6
    assert blocks.runs == blocks.calls / 2  # the design takes two tiles a run


def test_in_full_every_tile_meets_every_tile() -> None:
    attention = next(w for w in in_full(SIZES).works if w.what == "attention")
    assert attention.calls == 24 * 24 * 8 * 6
    assert attention.runs == 8 * 6


def test_each_measured_figure_is_one_of_those_published() -> None:
    for plan in (by_tiles(SIZES), in_full(SIZES)):
        assert {work.measured for work in plan.works} <= set(PHOENIX)


def test_dispatch_comes_on_top_of_an_estimate() -> None:
    work = by_tiles(SIZES).works[1]
    share = estimated(work, lambda _: 2.0)
    assert share.compute.low == pytest.approx(576 * 2.0)
    assert share.dispatch.high == pytest.approx(576 * DISPATCH.high)
    assert share.both.low == pytest.approx(576 * (2.0 + DISPATCH.low))


def test_dispatch_is_part_of_what_was_measured_and_never_more() -> None:
    for work in in_full(SIZES).works:
        share, call = measured(work), PHOENIX[work.measured]
        assert share.dispatch.high <= call.high * work.calls
        assert share.compute.low >= 0
        assert share.both == call * work.calls


def test_the_table_adds_up_to_a_real_time_factor() -> None:
    stream = io.StringIO()
    print_plan(by_tiles(SIZES), SIZES, lambda _: 10.0, stream)
    lines = stream.getvalue().splitlines()
    # 150 runs of mel and 576 of the block at 10 ms, and 726 launches.
    everything = next(line for line in lines if "emulator, estimated" in line)
    assert everything.split()[-2:] == ["7.26", "0.22-0.29"]
    factors = [line.split()[-1] for line in lines if "real-time factor" in line]
    assert factors[0] == "0.249-0.252"
    slow = (300 * 2.37 + 1152 * 5.40) / 30_000
    assert factors[1].split("-")[1] == f"{slow:.3f}"


def npu_figure(label: str, median: float, floor: float | None) -> Figure:
    """A figure of which nothing but median and floor counts; seconds."""
    return Figure(
        *(label, "npu", "2026-01-01", "", 50),
        *(median, median, median, median, 0.0),
        *(floor, None, None, None, {}),
    )


def test_what_was_measured_on_an_npu_here_has_a_section_of_its_own() -> None:
    plan = by_tiles(SIZES)
    here = {work.variant: npu_figure(work.variant, 0.005, 0.001) for work in plan.works}
    stream = io.StringIO()
    print_plan(plan, SIZES, lambda _: 10.0, stream, here)
    everything = next(line for line in stream.getvalue().splitlines() if HERE in line)
    assert everything.split()[-2:] == ["2.90", "0.73"]  # 726 launches of 4 and 1 ms
    assert "Not measured" not in stream.getvalue()


def test_without_a_figure_for_each_design_the_command_that_measures_it_is_told() -> None:
    plan = by_tiles(SIZES)
    stream = io.StringIO()
    here = {"mel_batch/n10": npu_figure("mel_batch/n10", 0.005, None)}
    print_plan(plan, SIZES, lambda _: 10.0, stream, here)
    assert "npuforge bench --on npu encoder_block_int8/head64" in stream.getvalue()
    assert HERE not in stream.getvalue()


def test_a_span_without_width_is_one_figure() -> None:
    assert Span(2.87, 5.4).text() == "2.87-5.40"
    assert Span(2, 2).text(1) == "2.0"


def test_a_library_that_is_not_built_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["whisper-budget", "--build", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert "mel_batch/n10 is not in" in said.err
    assert "npuforge build" in said.err
    assert "Neither our kernels nor our measurements" in said.out

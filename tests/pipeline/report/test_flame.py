"""A profile's flame graph in the page."""

from __future__ import annotations

from pipeline.report import flame
from softnpu.emulator.profiling.profile import Profile, Spent
from softnpu.emulator.profiling.text import flame as written

PROFILE = Profile(
    "core (0,2)",
    "RV32",
    (
        Spent(("main", "scale"), "scale.c:4", "", 600),
        Spent(("main", "scale"), "scale.c:5", "", 299),
        Spent(("main",), "design.mlir:9", "waits for lock in_lock", 100),
        Spent(("main",), "design.mlir:8", "", 1),
    ),
)


def test_frames_lie_in_each_other_as_wide_as_their_cycles() -> None:
    (core,), left = flame.cores(written([PROFILE]))
    assert (core.name, core.cycles, core.depth, left) == ("core (0,2) (RV32)", 1000, 3, 0)
    frames = {frame.name: frame for frame in core.frames}
    assert (frames["main"].depth, frames["main"].width, frames["main"].kind) == (0, 100, "function")
    assert (frames["scale"].left, frames["scale"].width) == (0, 89.9)
    assert frames["scale.c:5"].left == 60 and frames["scale.c:5"].kind == "line"
    assert frames["waits for lock in_lock"].kind == "wait"
    for frame in core.frames:
        around = [f for f in core.frames if f.depth == frame.depth - 1]
        assert not frame.depth or any(
            f.left <= frame.left and frame.left + frame.width <= f.left + f.width + 0.002
            for f in around
        )


def test_what_is_too_narrow_to_see_is_left_out() -> None:
    (core,), _ = flame.cores(written([PROFILE]))
    assert "design.mlir:8" not in {frame.name for frame in core.frames}


def test_cores_beyond_the_first_few_are_counted() -> None:
    found, left = flame.cores(written([PROFILE] * 7))
    assert (len(found), left) == (flame.CORES, 7 - flame.CORES)


def test_without_a_profile_there_is_none() -> None:
    assert flame.cores({}) == ([], 0)

"""Rows of a timeline: they stay small, and about the whole run."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from softnpu.emulator.timelines.rows import Level, Rate, Row


def filled(count: int, kept: int) -> Row:
    row = Row(kept=kept)
    for n in range(count):
        row.add(10 * n, 10 * n + 7, "works")
        row.add(10 * n + 7, 10 * n + 10, "waits")
    return row


def test_a_row_keeps_every_slice_as_long_as_there_is_room() -> None:
    row = filled(50, kept=100)
    assert [(s.begin, s.end, s.what) for s in row.slices[:2]] == [(0, 7, "works"), (7, 10, "waits")]
    assert len(row.slices) == 100 and not row.resolution


def test_a_long_row_merges_neighbours_and_is_about_the_whole_run() -> None:
    row = filled(10_000, kept=100)
    assert len(row.slices) <= 200
    assert row.slices[0].begin == 0 and row.slices[-1].end == 100_000
    assert row.resolution > 0
    parts = [part for s in row.slices for part in (s.parts or ((s.what, s.cycles),))]
    assert sum(cycles for what, cycles in parts if what == "works") == 70_000
    assert sum(s.count for s in row.slices) == 20_000
    assert row.spent == {"works": 70_000, "waits": 30_000}


def test_what_is_long_is_not_merged_with_the_short_ones_around() -> None:
    row = Row(kept=20)
    for n in range(100):
        row.add(n, n + 1, n)
    row.add(100, 100_000, "waits")
    for n in range(100):
        row.add(100_000 + n, 100_001 + n, n)
    merged = row.merged(20)
    assert len(merged) <= 20
    assert any(s.what == "waits" and s.count == 1 and s.begin == 100 for s in merged)


def test_slices_of_one_kind_behind_each_other_are_one() -> None:
    row = Row()
    row.add(0, 5, "works")
    row.add(5, 9, "works")
    row.add(4, 12, "works")
    assert [(s.begin, s.end) for s in row.slices] == [(0, 12)]


def test_a_level_follows_changes_that_are_told_in_any_order() -> None:
    level = Level()
    for time, by in ((30, -1), (10, 1), (20, 1)):
        level.change(time, by)
    assert list(level.points()) == [(10, 1), (20, 2), (30, 1)]
    assert level.value == 1


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 5000)), max_size=30))
def test_a_rate_loses_nothing_of_what_was_moved(moves: list[tuple[int, int]]) -> None:
    rate = Rate()
    for begin, amount in moves:
        rate.add(begin, begin + amount, 1000 * amount)
    points = list(rate.points())
    summed = sum(value * rate.width for _, value in points)
    whole = sum(1000 * amount for _, amount in moves)
    assert abs(summed - whole) <= 0.001 * whole + rate.width * len(points)

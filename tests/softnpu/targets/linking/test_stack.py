"""Frames summed along calls."""

from __future__ import annotations

import pytest

from softnpu.errors import DesignError
from softnpu.targets.linking.layout import CoreLayout
from softnpu.targets.linking.stack import CallGraph, StackNeed, check_stack

LAYOUT = CoreLayout((0, 2), 0x400, ())


def need(frames: dict[str, int], calls: dict[str, list[str]]) -> StackNeed:
    return CallGraph(frames, lambda name: calls.get(name, []), str).need("main")


def test_the_deepest_way_counts_not_the_widest() -> None:
    found = need(
        {"main": 16, "a": 100, "b": 40, "c": 80},
        {"main": ["a", "b"], "b": ["c"]},
    )
    assert found.size == 136
    assert found.path == (("main", 16), ("b", 40), ("c", 80))


def test_a_function_reached_twice_counts_once_on_each_way() -> None:
    found = need({"main": 1, "a": 2, "b": 3, "c": 4}, {"main": ["a", "b"], "a": ["c"], "b": ["c"]})
    assert found.size == 8


def test_a_ring_of_calls_has_no_bound() -> None:
    found = need({"main": 1, "a": 2, "b": 3}, {"main": ["a"], "a": ["b"], "b": ["a"]})
    assert found.recursive == ("a",)
    with pytest.raises(DesignError, match="a calls itself, so its stack has no bound"):
        check_stack(found, LAYOUT, None)


def test_too_little_says_what_to_write_and_what_was_not_counted() -> None:
    found = StackNeed(1030, (("main", 30), ("big", 1000)), unknown=("memcpy",))
    with pytest.raises(DesignError) as caught:
        check_stack(found, LAYOUT, None)
    text = str(caught.value)
    assert "core (0, 2) needs 1,030 bytes of stack, and has 1,024" in text
    assert "write {stack_size = 1056 : i32} after the core's body" in text
    assert "not counted, for want of a frame size: memcpy" in text


def test_what_fits_is_no_error() -> None:
    check_stack(StackNeed(1024, ()), LAYOUT, None)

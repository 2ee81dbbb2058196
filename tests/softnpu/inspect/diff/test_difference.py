from hypothesis import given
from hypothesis import strategies as st

from softnpu.inspect.diff import difference
from softnpu.inspect.diff.difference import Difference, replaced, side_by_side

letters = st.lists(st.sampled_from("abc"), max_size=12)


def rebuilt(old: list[str], new: list[str], pairs: list[difference.Pair]) -> list[str]:
    """`old` with what the pairs say, which should be `new`: nothing is left out."""
    gone = {at for at, _ in pairs if at is not None}
    come = {to: new[to] for _, to in pairs if to is not None}
    kept = iter([item for n, item in enumerate(old) if n not in gone])
    return [come[n] if n in come else next(kept) for n in range(len(new))]


@given(old=letters, new=letters)
def test_nothing_that_differs_is_left_out(old: list[str], new: list[str]) -> None:
    for pairs in (list(replaced(old, new)), list(side_by_side(old, new, lambda item: item))):
        assert rebuilt(old, new, pairs) == new
        assert bool(pairs) == (old != new)


def test_items_with_one_key_stand_in_for_one_another() -> None:
    old, new = ["a1", "b1", "c1"], ["b2", "c1", "d1"]
    found = list(side_by_side(old, new, lambda item: item[0]))
    assert sorted(found, key=str) == sorted([(0, None), (1, 0), (None, 2)], key=str)


def test_long_lists_are_compared_by_position(monkeypatch) -> None:
    monkeypatch.setattr(difference, "_MOST_WORK", 0)
    assert list(replaced("abcd", "axcde")) == [(1, 1), (None, 4)]
    assert list(side_by_side("abc", "axc", ord)) == [(1, None), (None, 1)]


def test_a_difference_reads_as_a_line_and_can_be_put_into_a_place() -> None:
    assert str(Difference("x", "1", "2")) == "x: 1 -> 2"
    assert str(Difference("x", None, "2")) == "x: only in the second: 2"
    assert str(Difference("x", "1", None).within("PDI 0")) == "PDI 0, x: only in the first: 1"

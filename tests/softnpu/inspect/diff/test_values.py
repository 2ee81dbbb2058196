from dataclasses import dataclass

from softnpu.inspect.diff.values import shown, value_differences


@dataclass(frozen=True)
class Part:
    name: str
    size_kb: int = 0
    data: bytes = b""


def told(old, new) -> list[str]:
    return [str(one) for one in value_differences("it", old, new)]


def test_equal_values_do_not_differ_but_kinds_do() -> None:
    assert told([1, {"a": (2,)}], [1, {"a": (2,)}]) == []
    assert told(1, "1") == ["it: 1 -> 1"]
    assert told(True, 1) == ["it: True -> 1"]


def test_fields_keys_and_positions_make_the_path() -> None:
    assert told(Part("a", 1), Part("a", 2)) == ["it size kb: 1 -> 2"]
    assert told({"x": [1, 2]}, {"x": [1, 3, 4]}) == [
        "it x 1: 2 -> 3",
        "it x 2: only in the second: 4",
    ]


def test_named_items_are_matched_by_name() -> None:
    assert told([Part("a", 1), Part("b", 2)], [Part("b", 3)]) == [
        "it a: only in the first: Part(name='a', size_kb=1, data=b'')",
        "it b size kb: 2 -> 3",
    ]
    twice = [Part("a", 1), Part("a", 2)]
    assert told(twice, [Part("a", 1), Part("a", 3)]) == ["it 1 size kb: 2 -> 3"]


def test_long_values_are_shortened_and_deep_ones_end() -> None:
    assert told(bytes(100), bytes(99) + b"\1") == ["it, byte 0x63: 00 -> 01"]
    assert len(shown("x" * 1000)) == 201
    old: list = []
    new: list = [1]
    for _ in range(200):
        old, new = [old], [new]
    assert len(told(old, new)) == 1

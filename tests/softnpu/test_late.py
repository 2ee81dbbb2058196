from __future__ import annotations

import sys
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any

import pytest
from xdsl.irdl.declarative_assembly_format import FormatProgram

from softnpu import late


def place_class(**how: Any) -> tuple[Any, Any]:
    """A class of the project and one of somebody else's, which Python makes alone."""

    def make(package: str) -> Any:
        @dataclass(**how)
        class Place:
            __module__ = package
            column: int
            row: int = 2
            notes: list[str] = field(default_factory=list, compare=False)

        return Place

    return make("softnpu.late"), make("json")


FROZEN = place_class(frozen=True)
ORDERED = place_class(order=True)
SLOTTED = place_class(frozen=True, slots=True)


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="compiles a class's methods in one go")
def test_a_method_is_compiled_when_it_is_called_first() -> None:
    ours, theirs = place_class()
    before = vars(ours)["__eq__"]
    assert before.__code__.co_filename == late.__file__
    assert ours(1) == ours(1)
    assert vars(ours)["__eq__"].__code__.co_filename == "<string>"
    assert vars(theirs)["__eq__"].__code__.co_filename == "<string>"


@pytest.mark.parametrize(("ours", "theirs"), [FROZEN, ORDERED, SLOTTED])
def test_dataclasses_do_what_pythons_do(ours: Any, theirs: Any) -> None:
    for one in (ours, theirs):
        assert repr(one(1, notes=["a"])).endswith("Place(column=1, row=2, notes=['a'])")
        assert one(1) == one(1, 2, ["b"])
        assert one(1) != one(2)
        assert replace(one(1), row=5) == one(1, 5)
        assert [f.name for f in fields(one)] == ["column", "row", "notes"]
        with pytest.raises(TypeError, match=r"__init__\(\) missing 1 required.*'column'"):
            one()
    assert (ours.__hash__ is None) == (theirs.__hash__ is None)


@pytest.mark.parametrize("place", [FROZEN[0], SLOTTED[0]])
def test_a_frozen_one_stays_as_it_is(place: Any) -> None:
    one = place(1)
    for _ in range(2):
        with pytest.raises(FrozenInstanceError, match="column"):
            one.column = 2
        with pytest.raises(FrozenInstanceError, match="row"):
            del one.row
    assert hash(one) == hash(place(1))


def test_ordered_ones_compare() -> None:
    place = ORDERED[0]
    assert sorted([place(2), place(1, 3), place(1)]) == [place(1), place(1, 3), place(2)]


def test_a_class_that_inherits_has_methods_of_its_own() -> None:
    @dataclass(frozen=True)
    class Far(FROZEN[0]):
        __module__ = "softnpu.late"
        metres: int = 0

    assert Far(1) != Far(1, metres=7)
    assert FROZEN[0](1) == FROZEN[0](1)
    assert repr(Far(1)).endswith("Far(column=1, row=2, notes=[], metres=0)")
    assert hash(Far(1)) != hash(Far(1, metres=7))


def test_an_assembly_format_is_read_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    class Program:
        def parse(self, *what: object) -> tuple[object, ...]:
            return what

    def from_str(text: str, _: object) -> Program:
        read.append(text)
        return Program()

    monkeypatch.setattr(FormatProgram, "from_str", staticmethod(from_str))
    late.read_formats_late()
    program = FormatProgram.from_str("$a attr-dict", None)  # type: ignore[arg-type]
    assert read == []
    for _ in range(2):
        assert program.parse("parser", "op") == ("parser", "op")  # type: ignore[arg-type, comparison-overlap]
    assert read == ["$a attr-dict"]

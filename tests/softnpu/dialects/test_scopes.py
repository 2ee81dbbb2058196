"""Names of values, region in region."""

from softnpu.dialects.scopes import ValueNames


def test_what_is_defined_in_a_region_is_forgotten_behind_it() -> None:
    names = ValueNames()
    names["a"] = (1,)
    before = names.copy()
    names["b"] = (2,)
    inner = names.copy()
    names["c"] = (3,)
    assert [names.get(name) for name in "abc"] == [(1,), (2,), (3,)]
    names = inner
    assert "b" in names
    known = names.keys()  # as the parser asks
    assert "c" not in known
    names = before
    assert names["a"] == (1,)
    assert "b" not in names
    names["d"] = (4,)
    assert names.copy()["d"] == (4,)


def test_a_copy_does_not_copy_names() -> None:
    names = ValueNames()
    for number in range(1000):
        names[str(number)] = (number,)
    held = names._own
    assert names.copy()._own is held
    assert not names._own

"""The contract that no modules import each other in a circle."""

import pytest

from tools.module_circles import found


@pytest.mark.parametrize(
    ("edges", "circles"),
    [
        ({"a": {"b", "c"}, "b": {"c"}, "c": set()}, []),
        ({"a": {"b"}, "b": {"a"}}, [["a", "b"]]),
        (
            {"top": {"a"}, "a": {"b"}, "b": {"c"}, "c": {"a", "low"}, "low": set()},
            [["a", "b", "c"]],
        ),
        ({"a": {"b"}, "b": {"a"}, "c": {"d"}, "d": {"c"}}, [["a", "b"], ["c", "d"]]),
    ],
)
def test_circles_are_found_and_what_leads_there_is_no_part_of_them(
    edges: dict[str, set[str]], circles: list[list[str]]
) -> None:
    assert found(edges) == circles

"""docs/messages.md is what the tables in the code say."""

from __future__ import annotations

import pytest

from pipeline.messages_page import PAGE, alternatives, page, words


def test_the_page_is_what_the_code_makes() -> None:
    assert PAGE.read_text() == page(), "python -m pipeline.messages_page --write"


@pytest.mark.parametrize(
    ("pattern", "shown"),
    [
        (
            r"qds_device::wait\(\) unexpected command state",
            "qds_device::wait() unexpected command state",
        ),
        (r"at index (?P<index>\d+)\. The", "at index N. The"),
        (r"No such kernel '(?P<name>[^']*)'", "No such kernel '…'"),
        (r"failed \(err=-?(2|28)\)", "failed (err=(2|28))"),
        (r"op '(?:aiex?\.)?\S+' is unknown", "op '…' is unknown"),
    ],
)
def test_a_regular_expression_reads_as_words(pattern: str, shown: str) -> None:
    assert words(pattern) == shown


def test_alternatives_are_split_outside_of_parentheses_only() -> None:
    assert alternatives(r"a (b|c)|d\(|e") == ["a (b|c)", r"d\(", "e"]

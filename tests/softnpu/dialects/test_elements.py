"""Blanks between the pieces of a syntax string."""

from __future__ import annotations

from io import StringIO

import pytest
from xdsl.printer import Printer

from softnpu.dialects.elements import Spacing


@pytest.mark.parametrize(
    ("literals", "printed"),
    [
        (["(", ")"], "()"),
        (["->"], " ->"),
        (["<", ">", "("], "<> ("),
        (["times", "("], " times("),
        (["[", "]", ":"], "[] :"),
    ],
)
def test_literals_stand_as_mlirs_printers_put_them(literals: list[str], printed: str) -> None:
    stream = StringIO()
    printer, spacing = Printer(stream), Spacing()
    for literal in literals:
        spacing.before_literal(printer, literal)
        printer.print_string(literal)
    assert stream.getvalue() == printed

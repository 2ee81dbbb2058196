"""Comments and strings where they are easily read wrongly, or slowly."""

from __future__ import annotations

import time

import pytest

from softnpu.dialects.source import parse_text
from softnpu.errors import DesignError

SECONDS = 1.0


def test_a_comment_may_end_the_file() -> None:
    for text in ("module {\n}\n// last\n", "module {\n}\n// last", "// only\nmodule {}  // word"):
        assert parse_text(text).name == "builtin.module"


@pytest.mark.parametrize("line", ['"not closed' + " x" * 60, " " * 200 + '"not closed', "//" * 200])
def test_what_is_not_closed_is_an_error_at_once(line: str) -> None:
    start = time.perf_counter()
    with pytest.raises(DesignError):
        parse_text(f"module {{\n{line}\n")
    assert time.perf_counter() - start < SECONDS

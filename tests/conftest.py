"""What several test modules share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
DESIGNS = sorted(p.parent.name for p in GOLDEN.glob("*/design.mlir"))
"""The golden designs: what AMD's own tools made of them lies beside each."""


@pytest.fixture
def golden() -> Path:
    """The folder of golden artifacts, one folder a design (see tests/golden/README.md)."""
    return GOLDEN


@pytest.fixture
def accuracy(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Takes a line about how far a kernel is from the truth, for the end of the test run."""
    return lambda line: record_property("accuracy", line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Shows what tests found out about accuracy: it must not hide behind a dot."""
    lines = [
        str(value)
        for report in terminalreporter.getreports("passed")
        for name, value in report.user_properties
        if name == "accuracy"
    ]
    if lines:
        terminalreporter.section("accuracy")
        for line in lines:
            terminalreporter.write_line(line)

"""What several test modules share."""

from __future__ import annotations

import compileall
import os
from collections.abc import Callable
from pathlib import Path

import pytest

# What a test builds is built, whatever this machine's user has built before.
os.environ["NPUFORGE_CACHE"] = "off"

GOLDEN = Path(__file__).parent / "golden"
DESIGNS = sorted(p.parent.name for p in GOLDEN.glob("*/design.mlir"))
"""The golden designs: what AMD's own tools made of them lies beside each."""
STREAMS = [p for p in sorted(GOLDEN.glob("*/insts*.bin")) if p.stat().st_size]
"""Their instruction streams; aie-translate writes an empty one of runtime_bound."""
MARCH = Path(__file__).parent / "golden_2026_03"
MARCH_DESIGNS = sorted(p.parent.name for p in MARCH.glob("*/design.mlir"))
"""Designs in the syntax of March 2026, with PDIs and xclbins of AMD's packers beside them."""


def pytest_configure(config: pytest.Config) -> None:
    """Where Python is told to keep no bytecode, the programs that tests start would compile the
    project's modules each time, which takes longer than most of them run."""
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        for name in ("pipeline", "runner", "softnpu", "tests"):  # copies take it along
            compileall.compile_dir(config.rootpath / name, quiet=2)


@pytest.fixture
def golden() -> Path:
    """The folder of golden artifacts, one folder a design (see tests/golden/README.md)."""
    return GOLDEN


@pytest.fixture
def march() -> Path:
    """The folder of those of March 2026, packed by AMD's own packers."""
    return MARCH


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

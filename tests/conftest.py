"""What several test modules share."""

from __future__ import annotations

import compileall
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import selecting

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


def pytest_addoption(parser: pytest.Parser) -> None:
    """What `./doit test` passes on."""
    group = parser.getgroup("npuforge")
    group.addoption("--fast", action="store_true", help="some tests of every room: about a minute")
    group.addoption("--measure", action="store_true", help="write tests/slow.txt for --fast anew")


def pytest_configure(config: pytest.Config) -> None:
    """Takes these options.

    And where Python is told to keep no bytecode, the programs that tests start would compile the
    project's modules each time, which takes longer than most of them run.
    """
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        for name in ("pipeline", "runner", "softnpu", "tests"):  # copies take it along
            compileall.compile_dir(config.rootpath / name, quiet=2)
    if config.getoption("--fast"):
        config.pluginmanager.register(selecting.Fast())
    if config.getoption("--measure") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(selecting.Measure())


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

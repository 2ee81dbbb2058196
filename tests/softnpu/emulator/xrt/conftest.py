"""Fixtures of the host side's tests."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from softnpu.emulator.xrt.machine import machine
from tests.softnpu.emulator.xrt.host import Host


@pytest.fixture(autouse=True)
def new_process() -> None:
    """Contexts, xclbins and settings are a process's: no test meets another's."""
    machine.cache_clear()


@pytest.fixture
def host(march: Path) -> Host:
    return Host.opened(march / "passthrough_memtile")


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)

"""Fixtures of the host side's tests."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.softnpu.emulator.xrt.host import Host


@pytest.fixture
def host(golden: Path) -> Iterator[Host]:
    yield Host.opened(golden / "passthrough_memtile")
    gc.collect()


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)

"""Fixtures of the tests of translated code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import softnpu.core
from tests.softnpu.emulator.aie2.calling import Call


@pytest.fixture
def call(tmp_path: Path) -> Call:
    """Calls a function that is given as assembly, and returns what is left."""

    def run(
        text: str, *arguments: Any, entry: str = "f", limit: int = 100_000
    ) -> softnpu.core.Done:
        file = tmp_path / "function.s"
        file.write_text(f".globl f\nf:\n{text}\n")
        return softnpu.core.run(file, *arguments, entry=entry, limit=limit)

    return run

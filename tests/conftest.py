"""What several test modules share."""

from __future__ import annotations

from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
DESIGNS = sorted(p.parent.name for p in GOLDEN.glob("*/design.mlir"))
"""The golden designs: what AMD's own tools made of them lies beside each."""


@pytest.fixture
def golden() -> Path:
    """The folder of golden artifacts, one folder a design (see tests/golden/README.md)."""
    return GOLDEN

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runner.doctor.machines import Machine, healthy


@pytest.fixture
def laptop(tmp_path: Path) -> Machine:
    """A Ryzen AI laptop on which all is well."""
    return healthy(tmp_path / "laptop")

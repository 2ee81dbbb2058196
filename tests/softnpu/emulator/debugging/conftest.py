"""Fixtures of the debugger's tests."""

from __future__ import annotations

import pytest

from tests.softnpu.emulator.debugging.artifacts import Built, build


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Two cores in a row, whose kernels are not optimised."""
    return build(tmp_path_factory.mktemp("debugged"))


@pytest.fixture(scope="session")
def optimised(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The same, as `npuforge build` builds it."""
    return build(tmp_path_factory.mktemp("optimised"), flags=())

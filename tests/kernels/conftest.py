"""What the tests of kernels share."""

from __future__ import annotations

import pytest

from tests.kernels.library import Kernel, all_built, project_of


@pytest.fixture(scope="module")
def kernels(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Kernel]:
    """The variants that the module's `KERNELS` names, built in one run."""
    labels = request.module.KERNELS
    return all_built(project_of(tmp_path_factory.mktemp("kernels") / "project", *labels), *labels)

"""What broke other passthroughs: an empty core taken for success."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from runner import artifact
from runner.estimate import steady_run
from tests.kernels.library import built, project_of, refusal
from tests.project import Project

LABEL = "passthrough/default"
C, TEMPLATE = "kernels_src/passthrough.c", "mlir_templates/passthrough.mlir.j2"
CALL = "        func.call @passthrough_line("
BYTES = 4096


@pytest.fixture
def passthrough(tmp_path: Path) -> Project:
    """The project with the design."""
    return project_of(tmp_path / "project", LABEL)


def without_a_body(project: Project) -> None:
    """The twin's core ends at once."""
    path = project.root / TEMPLATE
    start, rest = path.read_text().split("      %c0 = ", 1)
    path.write_text(start + "      aie.end" + rest.split("      aie.end", 1)[1])


def without_a_call(project: Project) -> None:
    """The twin's core takes lines and gives lines, and never calls the kernel."""
    path = project.root / TEMPLATE
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith(CALL)))


def test_a_core_of_ours_touches_every_byte(passthrough: Project) -> None:
    kernel = built(passthrough, LABEL)
    (core,) = steady_run(artifact.load(kernel.folder)).statistics.cores.values()
    assert core.instructions > BYTES
    line = np.random.default_rng(1).integers(0, 256, BYTES, np.uint8)
    assert np.array_equal(kernel.run(**{"in": line})["out"], line)


def test_an_empty_core_hangs_and_is_named_as_the_cause(passthrough: Project) -> None:
    without_a_body(passthrough)
    said = refusal(passthrough, f"test_emu:{LABEL}")
    assert re.search(rf"FAIL {LABEL} random-0 .*ERT_CMD_STATE_TIMEOUT", said)
    assert "core (0,2) could release it, but never has; it has ended its program" in said


def test_a_core_that_hands_on_what_it_never_wrote_fails(passthrough: Project) -> None:
    without_a_call(passthrough)
    said = refusal(passthrough, f"test_emu:{LABEL}")
    assert re.search(rf"FAIL {LABEL} random-0 .*out: all zero", said)


def test_an_empty_kernel_fails(passthrough: Project) -> None:
    passthrough.edit(C, "out[i] = in[i];", ";")
    said = refusal(passthrough, f"test_emu:{LABEL}")
    assert re.search(rf"FAIL {LABEL} random-0 .*out: all zero", said)

"""`npuforge test_hw` as a user meets it, with softnpu in place of XRT."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.amd_tools.install import PEANO, install
from tests.project import Project, make_project
from tests.runner.npu.fakes import fake_pyxrt


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = make_project(tmp_path_factory.mktemp("project"), "passthrough", "passthrough_memtile")
    made.tasks_run("build")
    return made


@pytest.fixture
def xrt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on Python's path for a pyxrt of the test's own."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


def test_without_xrt_it_fails_and_names_what_is_missing_and_the_emulator(project: Project) -> None:
    done = project.doit("test_hw")
    assert done.returncode == 1
    assert "no pyxrt on this machine" in done.stdout
    assert "npuforge test_emu" in done.stdout
    assert "PASS" not in done.stdout and "Traceback" not in done.stdout + done.stderr


def test_artifacts_for_hardware_run_and_stand_ins_are_shown_as_skipped(
    project: Project, xrt: Path
) -> None:
    fake_pyxrt(xrt)
    done = project.doit("test_hw")
    assert done.returncode == 0, done.stdout
    lines = done.stdout.splitlines()
    (passed,) = (line for line in lines if "memtile" in line and " npu " in line)
    assert "PASS" in passed and "7/7" in passed
    (skipped,) = (line for line in lines if line.startswith("SKIPPED"))
    assert "passthrough/default" in skipped and "stand-in cores" in skipped
    assert "1 skipped" in lines[-1]


def test_nothing_but_skipped_artifacts_is_a_failure(project: Project, xrt: Path) -> None:
    fake_pyxrt(xrt)
    done = project.doit("test_hw:passthrough/default")
    assert done.returncode == 1
    assert "every artifact was skipped" in done.stdout


def test_after_a_hang_the_emulator_tells_how_the_same_design_fares(
    project: Project, xrt: Path
) -> None:
    fake_pyxrt(xrt, "kernel = after_start(lambda run, ms: ert_cmd_state.ERT_CMD_STATE_TIMEOUT)\n")
    done = project.doit("test_hw:passthrough_memtile/default")
    assert done.returncode == 1
    assert "ERT_CMD_STATE_TIMEOUT" in done.stdout
    assert "the emulator completes the same artifact on the same inputs" in done.stdout


def test_a_device_that_cannot_be_opened_fails_before_any_artifact(
    project: Project, xrt: Path
) -> None:
    fake_pyxrt(
        xrt,
        """
class device(emulated.device):
    def __init__(self, index=0):
        raise RuntimeError("Open /dev/accel/accel0 failed (err=-13): Permission denied")
""",
    )
    done = project.doit("test_hw")
    assert done.returncode == 1
    assert "usermod -aG render" in done.stdout and "npuforge test_emu" in done.stdout


@pytest.fixture
def for_npu(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """passthrough, its core compiled by a fake of Peano: RV32 that calls itself AIE code."""
    root = tmp_path_factory.mktemp("project")
    peano = install(tmp_path_factory.mktemp("peano") / "bin", PEANO)
    made = make_project(root, "passthrough")
    only = {"PEANO_INSTALL_DIR": str(peano.parent), "MLIR_AIE_INSTALL_DIR": "", "PATH": str(peano)}
    chosen = {"NPUFORGE_CORES": "amd", **only}
    made = replace(made, environment={**made.environment, **chosen})
    made.tasks_run("build")
    return made


def test_cores_for_the_npu_run_there_and_the_emulator_runs_the_same_code(
    for_npu: Project, xrt: Path
) -> None:
    fake_pyxrt(xrt, 'emulated.assume_core_isa("rv32")\n')
    hardware = for_npu.doit("test_hw")
    assert hardware.returncode == 0, hardware.stdout
    assert "PASS" in hardware.stdout and "SKIPPED" not in hardware.stdout
    emulator = for_npu.doit("test_emu")
    assert emulator.returncode == 1
    assert "SKIPPED" not in emulator.stdout
    assert "if the cores hold stand-in code without a mark" in emulator.stdout


def test_after_a_hang_the_emulator_runs_the_same_code(for_npu: Project, xrt: Path) -> None:
    fake_pyxrt(xrt, "kernel = after_start(lambda run, ms: ert_cmd_state.ERT_CMD_STATE_TIMEOUT)\n")
    done = for_npu.doit("test_hw")
    assert done.returncode == 1
    assert "the emulator, on the same artifact and inputs, says:" in done.stdout
    assert "if the cores hold stand-in code without a mark" in done.stdout

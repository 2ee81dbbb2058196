"""`npuforge debug` from the command line: sessions from a pipe, and true exit codes."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import debugging
from pipeline.discovery import discover
from pipeline.errors import PipelineError
from runner.core_code import CoreCode
from tests.project import Project, make_project

SMALL = "build/npu1_1col/vector_scale/small"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = make_project(tmp_path_factory.mktemp("debugged"), "vector_scale")
    assert project.doit("build", "vector_scale").returncode == 0
    return project


def debug(project: Project, *arguments: str, script: str = "") -> subprocess.CompletedProcess[str]:
    """Runs npuforge debug with commands from a pipe."""
    return subprocess.run(
        [sys.executable, "-m", "doit", "debug", *arguments],
        cwd=project.root,
        input=script,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_session_from_a_pipe_ends_with_the_verdict(project: Project) -> None:
    script = "print i\nwatch out_buff_0[1]\ncontinue\ndelete\n"
    place = "vector_scale.c:7"
    done = debug(project, "vector_scale/small", "--no-optimize", "--break", place, script=script)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert "vector_scale/small on the emulator, vector random-0" in lines
    assert f"breakpoint 1: {place}, core (0,2) 0x" in done.stdout
    assert "->    7         out[i] = " in done.stdout
    assert "> print i\ni = 0" in done.stdout
    assert lines[-1] == "PASS       vector_scale/small           random-0  out int32[4096]"


def test_what_is_not_optimised_lies_apart_from_what_is_built(project: Project) -> None:
    before = (project.root / SMALL / "final.xclbin").read_bytes()
    assert debug(project, "vector_scale/small", "--no-optimize").returncode == 0
    assert (project.root / SMALL / "final.xclbin").read_bytes() == before
    assert (project.root / SMALL / "debug/final.xclbin").read_bytes() != before
    assert "up to date" in project.doit("build", "vector_scale").stdout


def test_commands_are_taken_from_the_command_line(project: Project) -> None:
    options = ["--command", "break vector_scale", "--command", "c", "--command", "bt"]
    done = debug(project, "vector_scale/small", *options, "--vector", "zeros")
    assert done.returncode == 0
    assert "vector zeros" in done.stdout
    assert "> bt\n#0 vector_scale (vector_scale.c:6)\n#1 core_0_2 (vector_scale.mlir.j2:" in (
        done.stdout
    )


@pytest.mark.parametrize(
    ("arguments", "script", "told"),
    [
        (["vector_scale/small"], "quit\n", "left before the run's end: no verdict"),
        (["vector_scale/small"], "print nothing\nc\n", "error: nothing is called nothing here"),
        (["vector_scale/small", "--break", "nowhere"], "", "error: nowhere: no core's program has"),
        (["vector_scale"], "", "debug takes one artifact: npuforge debug NAME with one of"),
        ([], "", "debug takes one artifact"),
        (["vector_scael/small"], "", "nothing is called 'vector_scael/small'"),
        (["vector_scale/small", "--gdb", "here"], "", "--gdb takes [HOST:]PORT, e.g. 3333"),
        (["vector_scale/small", "--gdb", "1", "--break", "f"], "", "are the prompt's"),
        (["vector_scale/small", "--core", "2"], "", "--core takes COLUMN,ROW, e.g. 0,2"),
        (["vector_scale/small", "--vector", "sine"], "", "there are: 0 random-0, 1 random-1"),
    ],
)
def test_what_has_no_verdict_is_a_failure(
    project: Project, arguments: list[str], script: str, told: str
) -> None:
    done = debug(project, *arguments, script=script)
    assert done.returncode == 1
    assert told in done.stdout + done.stderr


def test_a_wrong_output_is_a_failure(project: Project, tmp_path: Path) -> None:
    for restored in project.restored(tmp_path / "kept"):
        project.edit("kernels_src/vector_scale.c", "i < LINE", "i < LINE - 1")
        done = debug(restored, "vector_scale/small", script="c\n")
        assert done.returncode == 1
        assert "FAIL       vector_scale/small" in done.stdout
        assert "4 of 4096 elements differ" in done.stdout


def test_a_fault_is_told_once_and_is_a_failure(project: Project, tmp_path: Path) -> None:
    for restored in project.restored(tmp_path / "kept"):
        project.edit("kernels_src/vector_scale.c", "i < LINE", "i <= LINE")
        done = debug(restored, "vector_scale/small", script="c\nbt\n")
        assert done.returncode == 1
        assert "> bt\n#0 vector_scale (vector_scale.c:7)" in done.stdout
        head = "vector_scale.c:7: core (0,2) reads in_cons_buff_0[1024] (i32), one element behind"
        assert done.stdout.count(head) == 2, "at the stop, and with the verdict"
        assert done.stdout.count("called from core_0_2 (vector_scale.mlir.j2:21); pc") == 1


def test_a_hang_is_told_under_test_emu_with_the_file_of_its_state(
    project: Project, tmp_path: Path
) -> None:
    for restored in project.restored(tmp_path / "kept"):
        project.edit("mlir_templates/vector_scale.py", '"n": 4096', '"n": 3000')
        done = restored.doit("test_emu", "vector_scale/small")
        assert done.returncode == 1
        head = "a hang: in moves 3000 elements: 2 objects of 1024 and 952 over"
        assert f"{head} (ERT_CMD_STATE_TIMEOUT)" in done.stdout
        assert f"npuforge state {SMALL}/state.zip" in done.stdout
        assert "the build warned, which may be why:" in done.stdout
        shown = subprocess.run(
            [sys.executable, "-m", "softnpu", "state", f"{SMALL}/state.zip"],
            cwd=restored.root,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert shown.startswith(head)
        assert "in_cons_buff_0 tile (0,2)" in shown
        debugged = debug(restored, "vector_scale/small", script="waits\n")
        assert debugged.returncode == 1
        project.edit("mlir_templates/vector_scale.py", '"n": 3000', '"n": 4096')
        assert restored.doit("test_emu", "vector_scale/small").returncode == 0
        assert not (restored.root / SMALL / "state.zip").exists()


def test_help_teaches(project: Project) -> None:
    for words in (["help", "debug"], ["debug", "--help"]):
        said = project.doit(*words).stdout
        for told in ("--break", "--gdb", "--no-optimize", "npuforge docs debugging"):
            assert told in said


def test_cores_with_the_npus_own_code_are_none_for_gdb(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.root)
    variant = next(v for v in discover(Path()).variants if v.name == "small")
    monkeypatch.setattr("runner.core_code.core_code_of", lambda _: CoreCode.AIE)
    with pytest.raises(PipelineError, match=r"no AIE target.*--no-optimize"):
        debugging._artifact(variant, less=False, gdb=True)
    assert debugging._artifact(variant, less=False, gdb=False).label == "vector_scale/small"


def test_ctrl_c_ends_the_wait_for_gdb(project: Project) -> None:
    with project.started("debug", "vector_scale/small", "--gdb", "0") as doit:
        assert doit.stdout is not None
        told = next(line for line in doit.stdout if line.startswith("waiting on localhost:"))
        assert not told.startswith("waiting on localhost:0 ")
        doit.send_signal(signal.SIGINT)
        assert doit.wait() == 130

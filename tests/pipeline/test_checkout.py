"""One checkout, one run at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.checkout import LOCK, alone
from pipeline.errors import PipelineError
from tests.machine import heed_rights
from tests.project import ROOT, Project, make_project

HOLD = """
import sys
sys.argv[1:] = ["build", "saxpy"]
from pipeline.checkout import LOCK, alone
with alone(0):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the checkout until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_whoever_gives_up_learns_who_works_there(folder: Path) -> None:
    with held(folder) as other, pytest.raises(PipelineError) as error, alone(0):
        pass
    assert f"'npuforge build saxpy' (process {other.pid}, since 2" in str(error.value)


def test_whoever_waits_is_told_for_whom_and_goes_on_afterwards(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with held(folder) as other:
        assert other.stdin is not None
        threading.Timer(0.5, other.stdin.close).start()
        with alone(60):
            told = capsys.readouterr().err
    assert told.startswith(f"waiting: 'npuforge build saxpy' (process {other.pid}, since")
    assert told.count("waiting") == 1


def test_a_process_that_was_killed_holds_nothing(folder: Path) -> None:
    with held(folder) as other:
        other.send_signal(signal.SIGKILL)
        other.wait()
        with alone(0):
            pass


def test_removing_the_file_of_the_lock_does_not_let_two_in(folder: Path) -> None:
    with alone(0):
        (folder / LOCK).unlink()
        with held(folder), pytest.raises(PipelineError), alone(0):
            pass
    with alone(0):
        pass


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path, "vector_scale")


@pytest.mark.parametrize(
    "arguments",
    [
        ["build", "--wait", "0"],
        ["bench", "--wait=0"],
        ["clean", "--wait", "0"],
        ["forget", "--wait=0"],
    ],
)
def test_commands_that_build_take_turns(project: Project, arguments: list[str]) -> None:
    if arguments[0] == "bench":
        assert project.doit("build").returncode == 0
    with held(project.root):
        done = project.doit(*arguments)
    assert done.returncode == 1
    assert "'npuforge build saxpy'" in done.stderr and "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("arguments", [["list"], ["explain"], ["help", "run"], ["doctor"]])
def test_commands_that_read_wait_for_nobody(project: Project, arguments: list[str]) -> None:
    with held(project.root):
        done = project.doit(*arguments)
    assert done.stdout and "waiting" not in done.stderr


def test_in_a_folder_that_cannot_be_written_a_build_says_so_and_others_work(
    project: Project,
) -> None:
    project.root.chmod(0o555)
    try:
        failed = _heeding(project, "build")
        listed = _heeding(project, "list")
        explained = _heeding(project, "explain")
    finally:
        project.root.chmod(0o755)
    assert failed.returncode == 1
    assert f"cannot write in {project.root}, as builds do: Permission denied" in failed.stderr
    assert "Traceback" not in failed.stderr + failed.stdout
    assert listed.returncode == 0 and "test_emu" in listed.stdout
    assert "would run" in explained.stdout and explained.stderr == ""


def _heeding(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "doit", *arguments],
        cwd=project.root,
        capture_output=True,
        text=True,
        preexec_fn=heed_rights,
        check=False,
    )

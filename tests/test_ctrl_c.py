"""Processes that a user ends: `npuforge watch`, which runs again after a save, and any build."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import IO

import pytest

from tests.project import Project, make_project, stages_in


def _until(stream: IO[str], words: str) -> str:
    """What is printed up to the line with these words."""
    lines = []
    for line in stream:
        lines.append(line)
        if words in line:
            break
    return "".join(lines)


def _is_done_once(told: str, project: Project, *arguments: str) -> None:
    """Makes sure that nothing of what a run tells to be done is done by the next one."""
    again = project.doit(*arguments)
    assert again.returncode == 0, again.stdout + again.stderr
    first, second = (
        {line.rstrip() for line in text.splitlines() if stages_in(line)}
        for text in (told, again.stdout)
    )
    assert first
    assert second
    assert not first & second


def _press_ctrl_c(process: subprocess.Popen[str]) -> None:
    """A terminal sends it to all that run in the foreground."""
    os.killpg(process.pid, signal.SIGINT)


def test_a_saved_kernel_is_built_and_run_again(tmp_path: Path) -> None:
    project = make_project(tmp_path, "vector_add")
    process = project.started("watch")
    assert process.stdout is not None
    try:
        first = _until(process.stdout, "watching kernels_src")
        assert "PASS       vector_add/default" in first
        project.edit("kernels_src/vector_add.c", "i = 0", "i = 1")
        again = _until(process.stdout, "tasks: ")
        assert "saved: vector_add.c" in again
        assert stages_in(again) >= {"kernels", "cores", "test_emu"}
        assert "FAIL       vector_add/default" in again
        assert "render" not in again
    finally:
        _press_ctrl_c(process)
        assert process.wait() == 0


def test_a_build_that_is_interrupted_says_so_and_goes_on_later(tmp_path: Path) -> None:
    project = make_project(tmp_path, "matmul_int8")
    process = project.started()
    assert process.stdout is not None
    begun = _until(process.stdout, "kernels   ")
    _press_ctrl_c(process)
    try:
        rest, _ = process.communicate()
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Traceback" not in rest
    assert rest.rstrip().endswith("interrupted; what was done by then is not done again")
    _is_done_once(begun + rest, project)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]
)
def test_a_build_that_is_ended_keeps_what_is_done(tmp_path: Path, number: int, code: int) -> None:
    """Only doit itself is told, as by `timeout` or `kill`: its workers end with it."""
    project = make_project(tmp_path, "matmul_int8")
    process = project.started("build")
    assert process.stdout is not None
    begun = _until(process.stdout, "kernels   ")
    process.send_signal(number)
    rest, _ = process.communicate()
    assert process.returncode == code
    assert "Traceback" not in rest
    _is_done_once(begun + rest, project, "build")

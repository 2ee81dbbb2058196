"""`doit watch` runs again after a save, and only what the save touches."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

from tests.project import make_project, stages_in


def _until(stream: IO[str], words: str) -> str:
    """What is printed up to the line with these words."""
    lines = []
    for line in stream:
        lines.append(line)
        if words in line:
            break
    return "".join(lines)


def _heed_interrupts() -> None:
    """A shell's background jobs ignore them, and so would all that they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_a_saved_kernel_is_built_and_run_again(tmp_path: Path) -> None:
    project = make_project(tmp_path, "vector_add")
    process = subprocess.Popen(
        [sys.executable, "-m", "doit", "watch"],
        cwd=project.root,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=_heed_interrupts,
    )
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
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0

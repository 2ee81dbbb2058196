"""A copy of the project in a folder of its own, for tests that edit an author's files."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

PARTS = (
    *("dodo.py", "doit", "doit.cfg", "requirements.txt"),
    *("pipeline", "runner", "softnpu", "kernels_src"),
)


@dataclass(frozen=True)
class Project:
    """The copy; `doit` runs in it with this test's own Python.

    Attributes:
        environment: added to this test's own; npuforge's own tools are asked for unless it says
            otherwise, whatever this machine has.
    """

    root: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def _environment(self) -> dict[str, str]:
        return {**os.environ, "NPUFORGE_TOOLCHAIN": "embedded", **self.environment}

    def started(self, *arguments: str) -> subprocess.Popen[str]:
        """Starts doit as a session of its own, to be ended by a signal; what it prints is one
        stream."""
        return subprocess.Popen(
            [sys.executable, "-m", "doit", *arguments],
            cwd=self.root,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=_heed_interrupts,
        )

    def doit(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs doit and captures what it prints."""
        return subprocess.run(
            [sys.executable, "-m", "doit", *arguments],
            cwd=self.root,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def tasks_run(self, *arguments: str) -> set[str]:
        """Runs doit and gives the stages that did work, after checking that it succeeded."""
        done = self.doit(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return stages_in(done.stdout)

    def edit(self, name: str, old: str, new: str) -> None:
        """Replaces text in a file; the text must be there."""
        path = self.root / name
        text = path.read_text()
        assert old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new))

    def restored(self, kept: Path) -> Iterator[Project]:
        """This project for a test, then as it was: what was built and doit's memory of it, too.

        It stays in its folder, whose name is part of what compilers make.

        Args:
            kept: a folder that is not there yet.
        """
        shutil.copytree(self.root, kept)
        yield self
        shutil.rmtree(self.root)
        kept.rename(self.root)

    def write(self, name: str, text: str) -> None:
        """Writes a file."""
        (self.root / name).write_text(text)


def _heed_interrupts() -> None:
    """A shell's background jobs ignore Ctrl-C, under nohup a hang-up: so would all they start."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def stages_in(output: str) -> set[str]:
    """The stages that a npuforge run's lines speak of."""
    words = (line.split(maxsplit=1)[0] for line in output.splitlines() if line.strip())
    return {"test_emu" if word in ("PASS", "FAIL") else word for word in words} & STAGES


STAGES = {
    *("render", "kernels", "lower", "cores", "insts", "cdo", "routes"),
    *("pdi", "xclbin", "manifest"),
    "test_emu",
}


def make_project(root: Path, *designs: str) -> Project:
    """Copies the project into root, with the named designs only.

    What Python compiled comes along: it is a third of what a small build takes.
    """
    root.mkdir(exist_ok=True)
    for name in PARTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, root / name)
        else:
            shutil.copy(source, root / name)
    (root / "mlir_templates").mkdir()
    for shared in (ROOT / "mlir_templates").glob("_*.py"):
        shutil.copy(shared, root / "mlir_templates")
    for design in designs:
        for suffix in (".mlir.j2", ".py"):
            name = f"mlir_templates/{design}{suffix}"
            shutil.copy(ROOT / name, root / name)
    return Project(root)

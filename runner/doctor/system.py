"""The machine as the doctor sees it: files below a root, commands, limits. Nothing is changed.

Everything that a check asks goes through here, so that tests can make machines up. What cannot be
read is None: reasons differ (absent, no right), and the check says which it was.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner.npu import kernel_log
from runner.npu.locate import Found
from runner.npu.process import probe

COMMAND_SECONDS = 20
XRT_SMI_PLACES = ("opt/xilinx/xrt/bin/xrt-smi", "usr/bin/xrt-smi")


def _writable(path: Path) -> bool:
    return os.access(path, os.R_OK | os.W_OK)


def _memlock() -> int | None:
    soft, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    return None if soft == resource.RLIM_INFINITY else soft


def _groups() -> frozenset[int]:
    return frozenset((os.getegid(), *os.getgroups()))


def xrt_smi(program: Path, report: str, device: str) -> Any:
    """A report as xrt-smi writes it in JSON (XRT, SubCmdExamine.cpp); None if it does not."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "report.json"
        examine = [str(program), "examine", "--device", device, "--report", report]
        try:
            subprocess.run(
                [*examine, "--format", "JSON", "--output", str(target)],
                capture_output=True,
                timeout=COMMAND_SECONDS,
                check=False,
                stdin=subprocess.DEVNULL,
            )
            return json.loads(target.read_text())
        except (OSError, ValueError, subprocess.TimeoutExpired):
            return None


@dataclass(frozen=True)
class System:
    """A machine.

    Attributes:
        root: stands for "/".
        python_path: Python's search path, where pyxrt may lie.
        writable: whether this user may open a file for reading and writing.
        memlock: bytes that this process may lock in memory, None for no limit.
        groups: the ids of this process's groups.
        user: this user's name.
        probe: loads a pyxrt in a child process and asks for the NPU's name.
        run: a command's output; None if it is not there or fails.
        report: a report of xrt-smi (its name, the device's address) as data; None if it cannot
            be had.
    """

    root: Path = Path("/")
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    python_path: Sequence[str] = field(default_factory=lambda: tuple(sys.path))
    writable: Callable[[Path], bool] = _writable
    memlock: int | None = field(default_factory=_memlock)
    groups: frozenset[int] = field(default_factory=_groups)
    user: str = field(default_factory=lambda: os.environ.get("USER", ""))
    probe: Callable[[Found], str] = probe
    run: Callable[[Sequence[str]], str | None] = kernel_log.run_command
    report: Callable[[Path, str, str], Any] = xrt_smi

    def path(self, name: str) -> Path:
        """A path below the root; `name` as "/sys/module" or "sys/module"."""
        return self.root / name.lstrip("/")

    def read(self, name: str) -> str | None:
        """A small text file, stripped; None when it cannot be read."""
        try:
            return self.path(name).read_text(errors="replace").strip()
        except OSError:
            return None

    def glob(self, pattern: str) -> list[Path]:
        """The files of a pattern below the root, sorted."""
        try:
            return sorted(self.root.glob(pattern.lstrip("/")))
        except OSError:
            return []

    def smi(self) -> Path | None:
        """Where xrt-smi is."""
        home = self.environ.get("XILINX_XRT")
        named = [Path(home) / "bin" / "xrt-smi"] if home else []
        for path in (*named, *(self.root / place for place in XRT_SMI_PLACES)):
            if path.is_file():
                return path
        return None


def find_key(tree: Any, key: str) -> list[Any]:
    """Every value of a key anywhere in a tree of dicts and lists: reports differ by version."""
    if isinstance(tree, dict):
        below = [found for value in tree.values() for found in find_key(value, key)]
        return ([tree[key]] if key in tree else []) + below
    if isinstance(tree, list):
        return [found for value in tree for found in find_key(value, key)]
    return []

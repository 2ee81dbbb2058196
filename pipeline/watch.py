"""`doit watch`: builds and runs again what a saved file touches."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from doit.cmd_base import Command

from pipeline.designs import KERNELS, TEMPLATES
from pipeline.options import PlainErrors

WATCHED = (KERNELS, TEMPLATES)

LISTEN_MS = 200


class Watch(PlainErrors, Command):  # type: ignore[misc]
    """Runs doit once, then again after each change of the author's files, until interrupted.

    What a change touches is what its content reaches: everything else is up to date.
    """

    name = "watch"
    doc_purpose = "build and run again whenever a kernel, a design or a reference is saved"
    doc_usage = "[TASK ...]"
    doc_description = """
Without a task, watches for `build` and `test_emu`. Ends with Ctrl-C.
"""
    cmd_options = ()

    def execute(self, opt_values: Any, pos_args: list[str]) -> int:
        """Returns 0 when interrupted."""
        del opt_values
        from watchfiles import watch

        folders = [name for name in WATCHED if Path(name).is_dir()]
        _run(pos_args)
        told = False
        try:
            # An empty set comes every LISTEN_MS; the first one shows that listening has begun.
            for changes in watch(*folders, rust_timeout=LISTEN_MS, yield_on_timeout=True):
                if not told:
                    _say(f"watching {' and '.join(folders)}; Ctrl-C ends")
                    told = True
                if changes:
                    _say(f"saved: {', '.join(_names(path for _, path in changes))}")
                    _run(pos_args)
        except KeyboardInterrupt:
            _say("watch ended")
        return 0


def _names(paths: Iterable[str]) -> list[str]:
    return sorted({Path(path).name for path in paths})


def _run(tasks: Iterable[str]) -> None:
    subprocess.run([sys.executable, "-m", "doit", *tasks], check=False)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()

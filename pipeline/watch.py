"""`npuforge watch`: builds and runs again what a saved file touches."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from doit.cmd_base import DoitCmdBase

from pipeline import naming
from pipeline.designs import KERNELS, TEMPLATES
from pipeline.ending import doit
from pipeline.naming import Names
from pipeline.options import PlainErrors

WATCHED = (KERNELS, TEMPLATES)

LISTEN_MS = 200


class Watch(PlainErrors, DoitCmdBase):  # type: ignore[misc]
    """Runs doit once, then again after each change of the author's files, until interrupted.

    What a change touches is what its content reaches: everything else is up to date.
    """

    name = "watch"
    doc_purpose = "build and run again whenever a kernel, a design or a reference is saved"
    doc_usage = "[TASK ...] [NAME ...]"
    doc_description = f"""
Without a task, does {" and ".join(naming.DEFAULT)}. Ends with Ctrl-C.
{naming.HELP}"""
    cmd_options = ()

    def _execute(self, pos_args: list[str]) -> int:
        """Returns 0 when interrupted."""
        from watchfiles import watch

        Names(self.task_list, self.loader.cmd_names).tasks(pos_args, naming.DEFAULT)
        folders = [name for name in WATCHED if Path(name).is_dir()]
        begun = False
        try:
            # An empty set comes every LISTEN_MS; the first one shows that listening has begun: what
            # is saved during a run, the first one too, comes after it.
            for changes in watch(*folders, rust_timeout=LISTEN_MS, yield_on_timeout=True):
                if not begun:
                    doit(pos_args)
                    _say(f"watching {' and '.join(folders)}; Ctrl-C ends")
                    begun = True
                elif changes:
                    _say(f"saved: {', '.join(_names(path for _, path in changes))}")
                    doit(pos_args)
        except KeyboardInterrupt:
            _say("watch ended")
        return 0


def _names(paths: Iterable[str]) -> list[str]:
    return sorted({Path(path).name for path in paths})


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()

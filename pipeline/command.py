"""doit's `run`, with the exit code that a script expects."""

from __future__ import annotations

from typing import Any

from doit.cmd_run import Run as DoitRun


class Run(DoitRun):  # type: ignore[misc]
    """0: everything is done. 1: something failed.

    doit tells a task that failed (1) from one that could not start for it (2); with work going on
    after a failure the second follows from the first, so a script learns nothing from it.
    """

    name = "run"

    def execute(self, params: Any, args: Any) -> int:
        """Runs the selected tasks."""
        return 1 if super().execute(params, args) else 0

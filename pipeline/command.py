"""doit's `run`, with the exit code that a script expects."""

from __future__ import annotations

from functools import wraps
from typing import Any

from doit.cmd_run import Run as DoitRun

from pipeline.options import TOOLCHAIN_OPTIONS, take_options
from pipeline.reporter import Reporter

FIRST = {"report": ("build", "test_emu", "observe")}
"""What is done before a task without being needed for it: the report shows what failed, too."""


class Run(DoitRun):  # type: ignore[misc]
    """0: everything is done. 1: something failed, or nothing that was to be tested could be.

    doit tells a task that failed (1) from one that could not start for it (2); with work going on
    after a failure the second follows from the first, so a script learns nothing from it.
    """

    name = "run"
    cmd_options = (*DoitRun.cmd_options, *TOOLCHAIN_OPTIONS)

    def execute(self, params: Any, args: Any) -> int:
        """Runs the selected tasks."""
        selected = take_options(params, args)
        first = [task for name in selected for task in FIRST.get(name, ())]
        failed = bool(first and super().execute(params, first))
        return 1 if super().execute(params, selected) or failed else 0

    @wraps(DoitRun._execute)  # doit reads from its signature which options to pass
    def _execute(self, outfile: Any, *, reporter: Any, **options: Any) -> int:
        """doit's own, which makes the reporter: ours has more to say about the exit code."""
        made: list[Reporter] = []
        if isinstance(reporter, type) and issubclass(reporter, Reporter):

            class Kept(reporter):  # type: ignore[misc]
                def __init__(self, *given: Any) -> None:
                    super().__init__(*given)
                    made.append(self)

            reporter = Kept
        code = int(super()._execute(outfile, reporter=reporter, **options))
        return code or int(any(one.skipped_all for one in made))

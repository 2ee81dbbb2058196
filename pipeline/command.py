"""doit's `run`, with the exit code that a script expects."""

from __future__ import annotations

import sys
from collections.abc import Collection
from difflib import get_close_matches
from functools import wraps
from typing import Any

from doit.cmd_run import Run as DoitRun
from doit.exceptions import InvalidCommand

from pipeline.designs import Discovery
from pipeline.machine import JsonReporter, document
from pipeline.options import TOOLCHAIN_OPTIONS, PlainErrors, json_option, take_json, take_options
from pipeline.reporter import Reporter

FIRST = {"report": ("build", "test_emu", "observe")}
"""What is done before a task without being needed for it: the report shows what failed, too."""

LAST_STAGE = {"build": "manifest"}
"""The stage that needs all others, for a task that has none of a single design."""


def meant_by(name: str | None, found: Discovery | None, tasks: Collection[str]) -> str | None:
    """The tasks that a name stands for which is none's: `test_emu:saxpy` is all its variants.

    Of a broken design there is one task only, which tells what is wrong with it.

    Args:
        tasks: the names of all tasks; what none of them has is meant by nothing.
    """
    stage, _, rest = (name or "").partition(":")
    stage = LAST_STAGE.get(stage, stage)
    design = rest.partition("/")[0]
    if found is None or not design:
        return None
    if design in found.broken:
        return f"render:{design}"
    if f"{stage}:{rest}" in tasks:
        return f"{stage}:{rest}"
    if any(task.startswith(f"{stage}:{rest}/") for task in tasks):
        return f"{stage}:{rest}/*"
    return None


def near(name: str, tasks: Collection[str], commands: Collection[str]) -> list[str]:
    """What may have been meant by a name that nothing has: at most four, the likeliest first.

    Args:
        tasks, commands: the names of all tasks and of all commands.
    """
    design, _, variant = name.partition(":")[2].partition("/")
    if variant:
        found = [task for task in tasks if task.startswith(name[: -len(variant)])]
        if found:
            return found[:4]
    if any(task.startswith(f"test_emu:{name}/") for task in tasks):
        return [f"build:{name}", f"test_emu:{name}"]
    whole = [task for task in tasks if ":" not in task and not task.startswith("_")]
    of_designs = {task.partition("/")[0] for task in tasks if ":" in task}
    return get_close_matches(name, of_designs if design else [*whole, *commands], 1, cutoff=0.75)


class Unknown(InvalidCommand):  # type: ignore[misc]
    """doit's error for a name that nothing has, with what may have been meant."""

    def __init__(self, name: str, likely: list[str]) -> None:
        super().__init__(not_found=name)
        self._likely = likely

    def __str__(self) -> str:
        meant = f"Did you mean {' or '.join(self._likely)}?\n" if self._likely else ""
        return f"{super().__str__().rstrip()}\n{meant}".rstrip()


class Run(PlainErrors, DoitRun):  # type: ignore[misc]
    """0: everything is done. 1: something failed, or nothing that was to be tested could be.

    doit tells a task that failed (1) from one that could not start for it (2); with work going on
    after a failure the second follows from the first, so a script learns nothing from it.
    """

    name = "run"
    interrupted = "interrupted; what was done by then is not done again"
    cmd_options = (
        *DoitRun.cmd_options,
        *TOOLCHAIN_OPTIONS,
        json_option(
            "write one JSON document at the end and nothing else: tasks, verdicts, differences"
        ),
    )

    def __init__(self, *given: Any, cmds: Collection[str] = (), **options: Any) -> None:
        super().__init__(*given, cmds=cmds, **options)
        self._commands = list(cmds)

    def execute(self, params: Any, args: Any) -> int:
        """Runs the selected tasks."""
        as_json, others = take_json(params, args)
        selected = take_options(params, others)
        self._made: list[Reporter] = []
        self._reporter: type[Reporter] = JsonReporter if as_json else Reporter
        first = [task for name in selected for task in FIRST.get(name, ())]
        failed = bool(first and super().execute(params, first))
        code = 1 if self._run(params, selected) or failed else 0
        if as_json:
            sys.stdout.write(f"{document(self._made, code)}\n")
        return code

    def _run(self, params: Any, selected: list[str]) -> int:
        """doit's own, for the names of designs too."""
        try:
            return int(super().execute(params, selected))
        except InvalidCommand as error:
            found = getattr(sys.modules.get("dodo"), "FOUND", None)
            tasks = [task.name for task in self.task_list]
            meant = meant_by(error.not_found, found, tasks)
            if meant is None:
                if error.not_found is None:
                    raise
                likely = near(error.not_found, tasks, self._commands)
                raise Unknown(error.not_found, likely) from None
            others = [meant if name == error.not_found else name for name in selected]
        return self._run(params, others)

    @wraps(DoitRun._execute)  # doit reads from its signature which options to pass
    def _execute(self, outfile: Any, *, reporter: Any, **options: Any) -> int:
        """doit's own, which makes the reporter: ours has more to say about the exit code."""
        made = self._made
        if reporter is Reporter:

            class Kept(self._reporter):  # type: ignore[misc,name-defined]
                def __init__(self, *given: Any) -> None:
                    super().__init__(*given)
                    made.append(self)

            reporter = Kept
        if self._reporter is JsonReporter:  # what a task itself would print is no JSON
            options.update(verbosity=0, force_verbosity=True)
        code = int(super()._execute(outfile, reporter=reporter, **options))
        return code or int(any(one.skipped_all for one in made))

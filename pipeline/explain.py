"""`doit explain`: is a task up to date, and if not, what has changed?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from doit.cmd_base import DoitCmdBase
from doit.control import TaskControl

from pipeline.kernels import headers_changed, headers_unchanged
from pipeline.keys import Key, Listed, Made
from pipeline.options import TOOLCHAIN_OPTIONS, take_options

FILE_REASONS = {
    "changed_file_dep": "input changed",
    "missing_file_dep": "input missing",
    "added_file_dep": "new input",
    "removed_file_dep": "input no longer read",
    "missing_target": "not made yet",
}
"""doit's reasons about files, in the words of a reader."""


class Explain(DoitCmdBase):  # type: ignore[misc]
    """For each task: up to date, or which input, header, parameter or tool changed."""

    name = "explain"
    doc_purpose = "tell why tasks would run again"
    doc_usage = "[TASK ...]"
    doc_description = """
Without a task, tells of what plain `doit` would run. With tasks, tells of these and of all that
they need. Nothing is run. The exit code is 0 when all are up to date, 1 otherwise.
"""
    cmd_options = TOOLCHAIN_OPTIONS

    def execute(self, params: Any, args: Any) -> int:
        """Tells of the tasks as the chosen tools would make them."""
        return int(super().execute(params, take_options(params, args)))

    def _execute(self, pos_args: list[str]) -> int:
        control = TaskControl(self.task_list)
        control.process(None)
        if unknown := [name for name in pos_args if name not in control.tasks]:
            self.outstream.write(f"no task is called {', '.join(unknown)}; see doit list --all\n")
            return 1
        chosen = _with_needs(control.tasks, self.sel_tasks or control.tasks)
        tasks = [t for name, t in control.tasks.items() if name in chosen and _has_state(t)]
        stale: dict[str, None] = {}
        for task in tasks:
            if reasons := list(self._reasons(task, control.tasks, stale)):
                stale[task.name] = None
                self._tell(task.name, reasons)
            elif pos_args:
                self.outstream.write(f"{task.name}: up to date\n")
        fresh = len(tasks) - len(stale)
        self.outstream.write(f"{len(stale)} tasks would run, {fresh} are up to date\n")
        return 1 if stale else 0

    def _tell(self, name: str, reasons: Iterable[str]) -> None:
        self.outstream.write(f"{name}\n")
        for reason in reasons:
            self.outstream.write(f"    {reason}\n")

    def _reasons(self, task: Any, tasks: dict[str, Any], stale: Iterable[str]) -> Iterator[str]:
        status = self.dep_manager.get_status(task, tasks, get_log=True)
        values = self.dep_manager.get_values(task.name)
        if status.status != "up-to-date" and not values:
            yield "never done, or not with success"
            return
        for check, _, _ in status.reasons["uptodate_false"]:
            yield from _check_reasons(check, values, task.file_dep)
        for reason, words in FILE_REASONS.items():
            for path in sorted(status.reasons.get(reason) or ()):
                yield f"{words}: {path}"
        for name in task.task_dep:
            if name in stale:
                yield f"after {name}, if that changes what it makes"


def _has_state(task: Any) -> bool:
    """Whether a task can be up to date at all; `lint` or `test_hw` run whenever asked for."""
    return bool(task.actions) and all(check is not False for check, _, _ in task.uptodate)


def _check_reasons(check: Any, values: dict[str, Any], inputs: set[str]) -> Iterator[str]:
    if isinstance(check, (Key, Listed, Made)):
        yield from check.changes(values)
    elif check is headers_unchanged:
        yield from (f"header changed: {p}" for p in headers_changed(values) if p not in inputs)


def _with_needs(tasks: dict[str, Any], names: Iterable[str]) -> set[str]:
    """The named tasks and all that they depend on."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(tasks[name].task_dep)
    return found

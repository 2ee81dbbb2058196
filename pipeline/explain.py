"""`npuforge explain`: is a task up to date, and if not, what has changed?"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from doit.cmd_base import DoitCmdBase
from doit.control import TaskControl

from pipeline import naming
from pipeline.keys import Key, Listed, Made, Read
from pipeline.naming import Names
from pipeline.options import (
    JSON,
    TOOLCHAIN_OPTIONS,
    PlainErrors,
    json_option,
    options_first,
    take_options,
)

FILE_REASONS = {
    "changed_file_dep": "input changed",
    "missing_file_dep": "input missing",
    "added_file_dep": "new input",
    "removed_file_dep": "input no longer read",
    "missing_target": "not made yet",
}
"""doit's reasons about files, in the words of a reader."""


class Explain(PlainErrors, DoitCmdBase):  # type: ignore[misc]
    """For each task: up to date, or which input, header, parameter or tool changed."""

    name = "explain"
    doc_purpose = "tell why tasks would run again"
    doc_usage = "[TASK ...] [NAME ...]"
    doc_description = f"""
Without a task, tells of what plain `doit` would run. With tasks, tells of these and of all that
they need. Nothing is run. The exit code is 0 when all are up to date, 1 otherwise.
{naming.HELP}"""
    cmd_options = (*TOOLCHAIN_OPTIONS, json_option("write the tasks and their reasons as JSON"))

    def parse_execute(self, in_args: list[str]) -> Any:
        """Takes options behind names as well as before them."""
        return super().parse_execute(options_first(in_args, self.cmd_options))

    def execute(self, params: Any, args: Any) -> int:
        """Tells of the tasks as the chosen tools would make them."""
        self._as_json = bool(params.get(JSON))
        return int(super().execute(params, take_options(params, args)))

    def _execute(self, pos_args: list[str]) -> int:
        names = Names(self.task_list, self.loader.cmd_names)
        asked = pos_args or self.sel_tasks or ()
        plain = not pos_args and asked == list(naming.DEFAULT)
        selected = names.everyday()[0] if plain else names.tasks(asked, naming.DEFAULT)
        control = TaskControl(self.task_list)
        control.process(None)
        chosen = _with_needs(control.tasks, selected or control.tasks)
        tasks = [t for name, t in control.tasks.items() if name in chosen and _has_state(t)]
        found: dict[str, list[str]] = {}
        stale: set[str] = set()
        for task in tasks:
            found[task.name] = list(self._reasons(task, control.tasks, stale))
            if found[task.name]:
                stale.add(task.name)
        told = _json(found) if self._as_json else _lines(found, fresh_too=bool(pos_args))
        self.outstream.writelines(f"{line}\n" for line in told)
        return 1 if stale else 0

    def _reasons(self, task: Any, tasks: dict[str, Any], stale: Collection[str]) -> Iterator[str]:
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


def _json(found: Mapping[str, Sequence[str]]) -> list[str]:
    tasks = [
        {"name": name, "up_to_date": not reasons, "reasons": reasons}
        for name, reasons in found.items()
    ]
    return [json.dumps({"tasks": tasks}, indent=1)]


def _lines(found: Mapping[str, Sequence[str]], *, fresh_too: bool) -> Iterator[str]:
    """What is told of each task's reasons to run; of those that have none only if asked for."""
    for name, reasons in found.items():
        if reasons:
            yield from (name, *(f"    {reason}" for reason in reasons))
        elif fresh_too:
            yield f"{name}: up to date"
    stale = sum(bool(reasons) for reasons in found.values())
    yield f"{stale} tasks would run, {len(found) - stale} are up to date"


def _has_state(task: Any) -> bool:
    """Whether a task can be up to date at all; `lint` or `test_hw` run whenever asked for."""
    return bool(task.actions) and all(check is not False for check, _, _ in task.uptodate)


def _check_reasons(check: Any, values: dict[str, Any], inputs: set[str]) -> Iterator[str]:
    if isinstance(check, (Key, Listed, Made)):
        yield from check.changes(values)
    elif isinstance(check, Read):
        changed = (path for path in check.changed(values) if path not in inputs)
        yield from (f"{check.word} changed: {path}" for path in changed)


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

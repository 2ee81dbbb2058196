"""`npuforge --json`: what came of a run as one JSON document, for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pipeline.reporter import Reporter

VERSION = 1


class JsonReporter(Reporter):
    """Notes what the other reporter would print; `document` is printed when all is done."""

    desc = "nothing; Run prints one JSON document at the end"

    def initialize(self, tasks: Any, selected_tasks: Any) -> None:
        """Shows no bar."""

    def _write(self, line: str) -> None:
        """Says nothing: the document is all that goes to stdout."""

    _write_passing = _write

    def complete_run(self) -> None:
        """Keeps the times; the document is made of several runs if there were."""
        self._finish()


def document(reporters: Iterable[Reporter], code: int, problems: Iterable[str] = ()) -> str:
    """What came of one or several runs.

    Args:
        problems: why nothing was run.

    Returns:
        JSON: `ok`; `tasks`, each with `name`, `state` ("done", "up to date", "shared cache",
        "failed", "skipped", "not started", "ignored"), `seconds` where it has worked, `message`
        where it failed, `warnings` where its stage has some and `told` where it has something to
        say (a bundle's path); `outcomes`, each as a check's JSON file holds it; `left_out`,
        artifacts that take long and were not asked for; `errors` of the command line and of doit
        itself.
    """
    made = list(reporters)
    tasks = {task["name"]: task for one in made for task in one.tasks}
    outcomes = {outcome["label"]: outcome for one in made for outcome in one.outcomes()}
    value: dict[str, Any] = {
        "version": VERSION,
        "ok": code == 0,
        "tasks": list(tasks.values()),
        "outcomes": list(outcomes.values()),
        "left_out": [label for one in made for label in one.left_out],
        "errors": [*problems, *(error for one in made for error in one.runtime_errors)],
    }
    return json.dumps(value, indent=1)

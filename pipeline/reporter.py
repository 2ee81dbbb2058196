"""What a person sees while doit works: a line a task, verdicts, and the table at the end."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from pipeline import build_warnings
from pipeline.progress import Progress, workload
from pipeline.shared_cache import FROM_CACHE
from pipeline.timings import Stopwatch
from softnpu.warned import counted

SPEAKS = 2
"""doit's verbosity of a task that writes to the terminal by itself."""

TOLD, TOLD_IN = "told", "told in"
"""In a task's `meta`, what is told of it once it is done, be it of earlier, or a file with that."""

CHECKS = ("test_emu", "test_hw")
SHARED = "shared cache"
"""The state of a task whose work the shared cache knew."""
PASS, FAIL, SKIPPED = "PASS", "FAIL", "SKIPPED"
"""Verdicts as runner.judge writes them; the last of what cannot run where it was asked for."""


class Reporter:
    """Speaks of what is done, not of what was up to date; errors come without a traceback.

    doit calls the methods (doit, reporter.py); a bug's traceback is kept, since that is ours.
    """

    desc = "npuforge's own: work done, verdicts, a table"

    def __init__(self, outstream: TextIO, options: dict[str, Any]) -> None:  # noqa: ARG002
        self.outstream = outstream
        self._counts: Counter[str] = Counter()
        self._outcomes: dict[str, Path] = {}
        self._stopwatch = Stopwatch()
        self._progress = Progress(outstream)
        self.tasks: list[dict[str, Any]] = []
        self.runtime_errors: list[str] = []
        self._warned: set[str] = set()
        self.left_out: list[str] = []
        self.brief = False
        """Of what a task has to say the first line is told, as of any task that went well: nobody
        asked for the rest."""

    def initialize(self, tasks: Any, selected_tasks: Any) -> None:
        """Before anything runs."""
        self._progress.start(workload(tasks, selected_tasks))

    def get_status(self, task: Any) -> None:
        """A task is asked whether it is up to date."""

    def execute_task(self, task: Any) -> None:
        """A task starts."""
        if not task.actions:
            return
        self._stopwatch.start(task.name)
        if task.verbosity == SPEAKS:
            self._progress.stop()
        self._progress.begin(task.name)

    def teardown_task(self, task: Any) -> None:
        """A task's teardown starts."""

    def add_success(self, task: Any) -> None:
        """A task has done its work."""
        if not task.actions:
            return
        verdict = self._note_outcome(task)
        known = (task.values or {}).get(FROM_CACHE) or self._known(task)
        self._ended(task, "skipped" if verdict == SKIPPED else SHARED if known else "done")
        told = self._shown(task)
        if told or (verdict is None and _subject(task) and not known):
            write = self._write if told and not self.brief else self._write_passing
            write(f"{_stage(task):<9} {_subject(task):<28} {told}".rstrip())
        self._warn(task)

    def skip_uptodate(self, task: Any) -> None:
        """A task had nothing to do."""
        if task.actions:
            self._ended(task, "up to date")
            if told := self._shown(task):
                write = self._write_passing if self.brief else self._write
                write(f"{_stage(task):<9} {_subject(task):<28} {told}")
            self._warn(task)
        if _stage(task) in CHECKS and task.targets:
            self._outcomes[task.name] = Path(task.targets[0])

    def skip_ignore(self, task: Any) -> None:
        """A task that `npuforge ignore` took out."""
        self._ended(task, "ignored")
        self._write(f"ignored   {task.name}")

    def add_failure(self, task: Any, fail: Any) -> None:
        """A task failed, or cannot start since one before it failed."""
        if not getattr(fail, "report", True) or fail.get_name() == "UnmetDependency":
            self._ended(task, "not started")
            return
        self._ended(task, "failed", fail.get_msg())
        if self._note_outcome(task) is None:
            self._write(f"FAILED    {_public(task.name)}")
            self._write(_indent(fail.get_msg()))
            self._warn_again(task)
        self._warn(task)

    def _shown(self, task: Any) -> str:
        """What a task that is done has to say, as far as it was asked for."""
        told = _told(task)
        return told.partition("\n")[0] if self.brief else told

    def _warn(self, task: Any) -> None:
        """What a stage warns of, be it of earlier: it holds for what lies there."""
        for found in build_warnings.read(task, build_warnings.OWN):
            self._write(f"warning   {task.name}")
            self._write_warnings(found.texts, 10)

    def _warn_again(self, task: Any) -> None:
        """What the build of a failed run's artifact warned of: it may be why."""
        found = build_warnings.read(task, build_warnings.BEHIND)
        if found:
            self._write(_indent("the build warned, which may be why:"))
            self._write_warnings([text for stage in found for text in stage.texts], 12)

    def _write_warnings(self, texts: Sequence[str], indent: int) -> None:
        """Each in full once in a run, then by its first line: of another variant, or once more."""
        for text in counted(texts):
            head = text.partition("\n")[0]
            self._write(_indent(head if text in self._warned else text, indent))
            self._warned.add(text)

    def _ended(self, task: Any, state: str, message: str = "") -> None:
        failed = message.strip() if state == "failed" else ""
        seconds = self._stopwatch.stop(task.name, failed)
        self._progress.end(task.name)
        self._counts[state] += 1
        warnings = [t for w in build_warnings.read(task, build_warnings.OWN) for t in w.texts]
        told = _told(task) if state in ("done", "up to date") else ""
        known = {"told": told, "seconds": seconds, "message": message.strip(), "warnings": warnings}
        kept = {name: value for name, value in known.items() if value}
        self.tasks.append({"name": task.name, "state": state, **kept})

    @property
    def failed(self) -> bool:
        """Whether the table says FAIL of an artifact, whatever doit takes for done."""
        return any(outcome["verdict"] == FAIL for outcome in self.outcomes())

    @property
    def skipped_all(self) -> bool:
        """Whether artifacts were to be run, and each one was skipped."""
        verdicts = [outcome["verdict"] for outcome in self.outcomes()]
        return bool(verdicts) and all(verdict == SKIPPED for verdict in verdicts)

    def outcomes(self) -> list[Any]:
        """What the checks left, those that were up to date included, by name."""
        found = [path for _, path in sorted(self._outcomes.items()) if path.is_file()]
        return [json.loads(path.read_text()) for path in found]

    def _note_outcome(self, task: Any) -> str | None:
        """Prints a check's verdict lines and gives its verdict; None when the task left none."""
        target = Path(task.targets[0]) if task.targets else None
        if _stage(task) not in CHECKS or target is None or not target.is_file():
            return None
        from runner.report import verdict_lines

        outcome = json.loads(target.read_text())
        for line in verdict_lines(outcome):
            # On a terminal the table at the end says the same.
            write = self._write_passing if line.startswith(PASS) else self._write
            write(line)
        if outcome["verdict"] == FAIL:
            self._warn_again(task)
        self._outcomes[task.name] = target
        return str(outcome["verdict"])

    def _known(self, task: Any) -> bool:
        """Whether a check's verdict is from runs that somebody else has made."""
        target = self._outcomes.get(task.name)
        return target is not None and FROM_CACHE in json.loads(target.read_text())

    def cleanup_error(self, exception: Any) -> None:
        """`doit` could not clean up."""
        sys.stderr.write(exception.get_msg())

    def runtime_error(self, msg: str) -> None:
        """doit itself failed."""
        self.runtime_errors.append(msg)

    def complete_run(self) -> None:
        """After everything: the table, what failed, and a line that sums up."""
        self._finish()
        if self._outcomes:
            from runner.report import print_table

            print_table(self.outcomes(), self.outstream)
        if self._counts:
            parts = [f"{n} {what}" for what, n in self._counts.items()]
            self._write(f"{sum(self._counts.values())} tasks: {', '.join(parts)}")
        for task in self.tasks:
            if task["state"] == "failed":
                self._write(f"failed: {_public(task['name'])}")
        if self.left_out:
            names = ", ".join(self.left_out)
            self._write(f"left out, since they take long: {names}; npuforge test_emu runs all")
        if self.skipped_all:
            self._write("failed: every artifact was skipped: none can run where it was to")
        for message in self.runtime_errors:
            self._write(message)

    def _finish(self) -> None:
        self._progress.stop()
        self._stopwatch.save()

    def _write_passing(self, line: str) -> None:
        self._progress.passing(line)

    def _write(self, line: str) -> None:
        self._progress.line(line)


def _told(task: Any) -> str:
    """What a task that is done has to say."""
    known = task.meta or {}
    file = known.get(TOLD_IN)
    return str(file.read_text(encoding="utf-8").strip() if file else known.get(TOLD, ""))


def _public(name: str) -> str:
    """A task's name without what hides it from doit's list: npu."""
    return name.removeprefix("_")


def _stage(task: Any) -> str:
    return str(task.name).partition(":")[0]


def _subject(task: Any) -> str:
    return str(task.name).partition(":")[2]


def _indent(text: str, by: int = 10) -> str:
    return "\n".join(f"{' ' * by}{line}" for line in text.strip("\n").splitlines())

"""doit's `run`, with the exit code that a script expects."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, TextIO

from doit.action import PythonAction
from doit.cmd_run import Run as DoitRun
from doit.control import TaskControl
from doit.exceptions import InvalidCommand
from doit.task import Stream

from pipeline import helping, naming, shared_cache
from pipeline.checkout import WAIT, alone
from pipeline.errors import PipelineError
from pipeline.machine import JsonReporter, document
from pipeline.memory import sources
from pipeline.naming import Names
from pipeline.options import (
    FAILED,
    MEMCHECK,
    TOOLCHAIN_OPTIONS,
    PlainErrors,
    json_option,
    options_first,
    take_json,
    take_memcheck,
    take_options,
)
from pipeline.reporter import Reporter
from pipeline.workers import Runner, Workers
from runner.labels import UnknownNameError

FIRST = {"report": ("build", "test_emu", "observe", "profile")}
"""What is done before a task without being needed for it: the report shows what failed, too."""

DOITS_OPTIONS = {"always", "continue", "verbosity", "outfile", "num_process", "pdb", "single"}
"""The others of doit's would choose another reporter or other ways of running side by side."""

TESTED = "test_emu"
"""The task that --memcheck is for."""

BESIDE = {"lint", "test"}
"""The tasks that may be run beside others in one checkout: they touch nothing that is built."""


class Run(PlainErrors, DoitRun):  # type: ignore[misc]
    """0: everything is done. 1: something failed, or nothing that was to be tested could be.

    doit tells a task that failed (1) from one that could not start for it (2); with work going on
    after a failure the second follows from the first, so a script learns nothing from it.
    """

    name = "run"
    doc_purpose = "build every design and run it on the emulator, or do what is named"
    sel_tasks: list[str]
    doc_usage = "[TASK ...] [NAME ...]"
    doc_description = f"""
Without a task: {" and ".join(naming.DEFAULT)}; without a name: of all designs.
{naming.HELP}"""
    interrupted = "interrupted; what was done by then is not done again"
    cmd_options = (
        *(option for option in DoitRun.cmd_options if option["name"] in DOITS_OPTIONS),
        *TOOLCHAIN_OPTIONS,
        WAIT,
        MEMCHECK,
        shared_cache.OPTION,
        json_option(
            "write one JSON document at the end and nothing else: tasks, verdicts, differences"
        ),
    )

    def parse_execute(self, in_args: list[str]) -> Any:
        """Takes --wait, --memcheck and --cache behind tasks as well as before them."""
        behind = [WAIT, MEMCHECK, shared_cache.OPTION]
        return super().parse_execute(options_first(in_args, behind, others=False))

    def execute(self, params: Any, args: Any) -> int:
        """Runs the selected tasks, alone in this checkout."""
        as_json, others = take_json(params, args)
        selected = take_options(params, others)
        take_memcheck(params, os.environ)
        shared_cache.take(params, os.environ)
        self._memcheck = bool(params.get(MEMCHECK["name"]))
        self._made: list[Reporter] = []
        self._reporter: type[Reporter] = JsonReporter if as_json else Reporter
        beside = bool(selected) and selected[0] in BESIDE
        try:
            with nullcontext() if beside else alone(params[WAIT["name"]]):
                self._sources = sources()
                code = self._run(params, selected)
        except (PipelineError, UnknownNameError) as error:
            if not as_json:
                raise
            sys.stdout.write(f"{document([], FAILED, [str(error)])}\n")
            return FAILED
        if as_json:
            sys.stdout.write(f"{document(self._made, code)}\n")
        return code

    def _run(self, params: Any, selected: list[str]) -> int:
        """What comes first, whatever becomes of it, and then doit's own."""
        first = self._first(params, selected)
        self._beforehand = True
        failed = bool(first and super().execute(params, first))
        self._beforehand = False
        self.dep_manager = None  # what it has learnt is written, and read by the next one
        return FAILED if super().execute(params, selected) or failed else 0

    def _first(self, params: Any, selected: list[str]) -> list[str]:
        """The tasks that FIRST names for the selected ones, for the same artifacts."""
        wanted = {word.partition(":")[0] for word in selected} & set(FIRST)
        if not wanted:
            return []
        names = self._names(params)
        names.tasks(selected, naming.DEFAULT)
        return [word for task in wanted for word in (*FIRST[task], *names.chosen(task))]

    def _names(self, params: Any) -> Names:
        """What can be named, before doit itself has loaded the tasks."""
        self.loader.setup(params)
        return Names(self.loader.load_tasks(cmd=self, pos_args=[]), self.loader.cmd_names)

    def show_help(self, words: list[str]) -> int:
        """Of a task that stands there its own help."""
        if not words:
            return super().show_help(words)
        params, _ = self.cmdparser.parse([])
        sys.stdout.write(helping.of_task(self._names(params), words[0]))
        return 0

    def _execute(
        self,
        outfile: str | TextIO,
        verbosity: int | None,
        force_verbosity: bool,
        always: bool,
        continue_: bool,
        single: bool,
        num_process: int,
        pdb: bool,
    ) -> int:
        """doit's own with our runner and our reporter, who has more to say about the exit code.

        doit reads from the signature which options to pass.
        """
        names = Names(self.task_list, self.loader.cmd_names)
        left_out: list[str] = []
        if not self.sel_default_tasks:
            self.sel_tasks = names.tasks(self.sel_tasks, naming.DEFAULT)
        elif self.sel_tasks == list(naming.DEFAULT):
            self.sel_tasks, left_out = names.everyday()
        self._check_memcheck()
        control = TaskControl(self.task_list)
        control.process(self.sel_tasks)
        if single:
            _need_nothing(control)
        if self._reporter is JsonReporter:  # what a task itself would print is no JSON
            verbosity, force_verbosity = 0, True
        stream = Stream(verbosity, force_verbosity)
        PythonAction.pm_pdb = pdb
        with _opened(outfile) as out:
            reporter = self._reporter(out, {})
            reporter.left_out = left_out
            reporter.brief = self._beforehand
            self._made.append(reporter)
            options = (self.dep_manager, reporter, continue_, always, stream)
            if num_process and not pdb:  # the debugger needs the terminal
                runner: Runner = Workers(*options, most=num_process, sources=self._sources)
            else:
                runner = Runner(*options, sources=self._sources)
            code = int(runner.run_all(control.task_dispatcher()))
        if runner.saved:
            files = ", ".join(sorted(runner.saved))
            sys.stderr.write(f"saved while doit worked, which may have read it before: {files}\n")
        return code or int(reporter.skipped_all or reporter.failed)

    def _check_memcheck(self) -> None:
        """Raises InvalidCommand where --memcheck is asked of tasks that run nothing."""
        if self._memcheck and not any(t.partition(":")[0] == TESTED for t in self.sel_tasks):
            raise InvalidCommand(f"--memcheck is for {TESTED}, which is not asked for")
        self._memcheck = False  # what a task is preceded by has been asked for with it


def _need_nothing(control: TaskControl) -> None:
    """The selected tasks, or their parts, are to be done without what they depend on."""
    for name in control.selected_tasks:
        task = control.tasks[name]
        parts = [control.tasks[part] for part in task.task_dep] if task.has_subtask else [task]
        for part in parts:
            part.task_dep = []


@contextmanager
def _opened(outfile: str | TextIO) -> Iterator[TextIO]:
    """The file that `--output-file` names, or stdout."""
    if not isinstance(outfile, str):
        yield sys.stdout
        return
    try:
        file = Path(outfile).open("w", encoding="utf-8")  # noqa: SIM115 (closed below)
    except OSError as error:
        raise PipelineError(f"--output-file {outfile}: {error.strerror}") from error
    with file:
        yield file

"""doit's own commands beside `run`: they take names as npuforge's do, and have help behind them."""

from __future__ import annotations

import json
import sys
from functools import wraps
from io import StringIO
from pathlib import Path
from typing import Any, TextIO

from doit.action import CmdAction
from doit.cmd_base import opt_depfile
from doit.cmd_clean import Clean as DoitClean
from doit.cmd_completion import TabCompletion as DoitTabCompletion
from doit.cmd_dumpdb import DumpDB as DoitDumpDB
from doit.cmd_forget import Forget as DoitForget
from doit.cmd_ignore import Ignore as DoitIgnore
from doit.cmd_info import Info as DoitInfo
from doit.cmd_list import List as DoitList
from doit.cmd_resetdep import ResetDep as DoitResetDep
from doit.cmd_strace import Strace as DoitStrace
from doit.dependency import JSONCodec
from doit.exceptions import InvalidCommand

from pipeline import commands, naming
from pipeline.checkout import WAIT, alone
from pipeline.errors import PipelineError
from pipeline.memory import FILE, Memory
from pipeline.naming import WHOLE, Names
from pipeline.options import FAILED, PlainErrors, options_first


def plain(command: Any) -> Any:
    """A command of doit's whose errors and help are like those of npuforge's."""

    class Plain(PlainErrors, command):  # type: ignore[misc]
        name = command.get_name()

    return Plain


def named(command: Any, *, of_parts: bool = False) -> Any:
    """A command of doit's that takes designs and variants: it is done with all of their tasks.

    Args:
        of_parts: a task that stands for others alone (build) is those.
    """

    class Named(plain(command)):  # type: ignore[misc]
        sel_tasks: list[str]
        doc_usage = command.doc_usage.replace("TASK", "TASK | NAME")
        doc_description = f"{command.doc_description or ''}{naming.HELP}"

        def parse_execute(self, in_args: list[str]) -> Any:
            """Takes options behind names as well as before them."""
            known = [{"long": option.long, "type": option.type} for option in self.get_options()]
            return super().parse_execute(options_first(in_args, known))

        @wraps(command._execute)  # doit reads from its signature which options to pass
        def _execute(self, **options: Any) -> Any:
            if not self.sel_default_tasks:
                self.sel_tasks = Names(self.task_list, self.loader.cmd_names).tasks(self.sel_tasks)
            if of_parts:
                self.sel_tasks = [p for word in self.sel_tasks for p in WHOLE.get(word, (word,))]
            if not self.sel_default_tasks and "pos_args" in options:
                options["pos_args"] = self.sel_tasks
            return super()._execute(**options)

    return Named


def in_turn(command: Any) -> Any:
    """A command of doit's that changes what is built or remembered: one at a time in a checkout."""

    class InTurn(named(command, of_parts=True)):  # type: ignore[misc]
        cmd_options = (*command.cmd_options, WAIT)

        def execute(self, params: Any, args: Any) -> Any:
            with alone(params[WAIT["name"]]):
                return super().execute(params, args)

    return InTurn


class _Infos(DoitInfo):  # type: ignore[misc]
    """Tells of several tasks, too."""

    name = "info"

    def _execute(self, pos_args: list[str], hide_status: bool = False) -> int:
        single = [[name] for name in pos_args] or [[]]
        return max(int(super(_Infos, self)._execute(names, hide_status)) for names in single)


class _Ignore(DoitIgnore):  # type: ignore[misc]
    """Takes names; doit ends with 0 where there is none."""

    name = "ignore"

    def _execute(self, pos_args: list[str]) -> Any:
        if not pos_args:
            raise InvalidCommand("ignore takes names of what is to be left out from now on")
        return super()._execute(pos_args)


class _ResetDep(DoitResetDep):  # type: ignore[misc]
    """Says by its exit code whether it could do all; doit ends with 0."""

    name = "reset-dep"

    def _execute(self, pos_args: list[str] | None = None) -> int:
        heard = StringIO()
        self.outstream: TextIO = heard
        super()._execute(pos_args)
        told = heard.getvalue()
        sys.stdout.write(told)
        return FAILED if any(line.startswith("failed ") for line in told.splitlines()) else 0


class _Strace(DoitStrace):  # type: ignore[misc]
    """Follows a program; of the tasks that run in doit's own process there is nothing to follow."""

    name = "strace"

    def _execute(self, show_all: bool) -> Any:
        if len(self.sel_tasks) != 1:
            raise InvalidCommand(f"strace follows one task, not {len(self.sel_tasks)}")
        (task,) = (task for task in self.task_list if task.name == self.sel_tasks[0])
        if not any(isinstance(action, CmdAction) for action in task.actions):
            raise InvalidCommand(
                f"{task.name} runs no program of its own that could be followed; `doit info "
                f"{task.name}` tells what it reads and writes"
            )
        return super()._execute(show_all)


class _DumpDB(DoitDumpDB):  # type: ignore[misc]
    """Shows what is remembered of each task; doit's own reads one of its databases only."""

    name = "dumpdb"
    cmd_options = ({**opt_depfile, "default": FILE},)

    def execute(self, opt_values: Any, pos_args: list[str]) -> int:
        _take_no_names(self.name, pos_args)
        file = Path(opt_values["dep_file"])
        if not file.exists():
            raise PipelineError(f"{file} is not there: nothing has been built here")
        for task, known in Memory(str(file), JSONCodec()).known().items():
            sys.stdout.write(f"{task} -> {json.dumps(known, indent=4)}\n")
        return 0


class _TabCompletion(DoitTabCompletion):  # type: ignore[misc]
    """Without names."""

    name = "tabcompletion"

    def execute(self, opt_values: Any, pos_args: list[str]) -> Any:
        _take_no_names(self.name, pos_args)
        return super().execute(opt_values, pos_args)


def _take_no_names(command: str, words: list[str]) -> None:
    if words:
        raise InvalidCommand(f"{command} takes no names: {words[0]}")


class _Contents(DoitList):  # type: ignore[misc]
    """Lists the graph that every project has, in its order, and then what is a project's own.

    doit goes by the lines where tasks are defined, whatever file they are in.
    """

    name = "list"

    @wraps(DoitList._execute)  # doit reads from its signature which options to pass
    def _execute(self, **options: Any) -> Any:
        graph = list(commands.tasks())
        self.task_list.sort(key=lambda task: _place(task.name.partition(":")[0], graph))
        return super()._execute(**options)


def _place(name: str, graph: list[str]) -> int:
    return graph.index(name) if name in graph else len(graph)


Info, List, Strace = named(_Infos), named(_Contents), in_turn(_Strace)
Clean, Forget, Ignore, ResetDep = map(in_turn, (DoitClean, DoitForget, _Ignore, _ResetDep))
DumpDB, TabCompletion = map(plain, (_DumpDB, _TabCompletion))

"""doit's own commands beside `run`: they take names as npuforge's do, and have help behind them."""

from __future__ import annotations

from functools import wraps
from typing import Any

from doit.cmd_clean import Clean as DoitClean
from doit.cmd_completion import TabCompletion as DoitTabCompletion
from doit.cmd_dumpdb import DumpDB as DoitDumpDB
from doit.cmd_forget import Forget as DoitForget
from doit.cmd_ignore import Ignore as DoitIgnore
from doit.cmd_info import Info as DoitInfo
from doit.cmd_list import List as DoitList
from doit.cmd_resetdep import ResetDep as DoitResetDep
from doit.cmd_strace import Strace as DoitStrace

from pipeline import naming
from pipeline.checkout import WAIT, alone
from pipeline.naming import Names
from pipeline.options import PlainErrors, options_first


def plain(command: Any) -> Any:
    """A command of doit's whose errors and help are like those of npuforge's."""

    class Plain(PlainErrors, command):  # type: ignore[misc]
        name = command.get_name()

    return Plain


def named(command: Any) -> Any:
    """A command of doit's that takes designs and variants: it is done with all of their tasks."""

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
                if "pos_args" in options:
                    options["pos_args"] = self.sel_tasks
            return super()._execute(**options)

    return Named


def in_turn(command: Any) -> Any:
    """A command of doit's that changes what is built or remembered: one at a time in a checkout."""

    class InTurn(named(command)):  # type: ignore[misc]
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


Info, List = map(named, (_Infos, DoitList))
Clean, Forget, Ignore, ResetDep, Strace = map(
    in_turn, (DoitClean, DoitForget, DoitIgnore, DoitResetDep, DoitStrace)
)
DumpDB, TabCompletion = map(plain, (DoitDumpDB, DoitTabCompletion))

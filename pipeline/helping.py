"""`doit help`, and what stands behind `--help`: commands, tasks, and what names mean."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from doit.cmd_help import Help as DoitHelp
from doit.cmdparse import CmdOption

from pipeline import naming
from pipeline.naming import Names
from pipeline.options import PlainErrors
from runner.labels import TASKS

OVERVIEW = """npuforge: C kernels and MLIR designs to checked runs on AMD NPUs, with or without one.

  doit                          build every design and run it on the emulator
  doit vector_scale             one design, all of its variants
  doit test_hw vector_scale     the same on the NPU
  doit new --name saxpy         start a design
"""

MORE = "`doit help TASK` and `doit help COMMAND` tell more; so does --help behind either.\n"


class Help(PlainErrors, DoitHelp):  # type: ignore[misc]
    """Lists tasks and commands, or tells of one of them."""

    name = "help"
    doc_purpose = "show help"
    doc_usage = "[TASK | COMMAND]"

    def show_help(self, words: list[str]) -> int:
        """Of `help` itself there is no more to say than the overview."""
        params, _ = self.cmdparser.parse([])
        return int(self.execute(params, words))

    def execute(self, params: Any, args: list[str]) -> int:
        """Tells of the first argument; of all there is without one."""
        if args and args[0] in self.cmds:
            command = self.cmds[args[0]](cmds=self._cmds, **self.init_kwargs)
            sys.stdout.write(command.help())
            return 0
        self.loader.setup(params)
        tasks = self.loader.load_tasks(cmd=self, pos_args=[])
        if args:
            sys.stdout.write(of_task(Names(tasks, self.loader.cmd_names), args[0]))
        else:
            sys.stdout.write(overview(tasks, self.cmds))
        return 0


def overview(tasks: Iterable[Any], commands: Mapping[str, Any]) -> str:
    """All tasks and commands with a line for each."""
    whole = [task for task in tasks if ":" not in task.name and not task.name.startswith("_")]
    lines = [OVERVIEW, naming.HELP.lstrip(), "Tasks"]
    lines += _table((task.name, task.doc) for task in whole)
    lines += ["", "Commands"]
    lines += _table((name, commands[name].doc_purpose) for name in sorted(commands))
    return "\n".join([*lines, "", MORE])


def _table(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    return (f"  doit {name:<14} {text}" for name, text in rows)


def of_task(names: Names, word: str) -> str:
    """What a task does, and what can stand behind it.

    Raises:
        UnknownNameError: there is no such task, nor anything else of that name.
    """
    task = names.whole_task(word)
    if task is None:
        tasks = "".join(f"  {name}\n" for name in names.tasks([word]))
        return f"The tasks of {word}:\n{tasks}"
    behind = [f"[--{option['long']}=ARG]" for option in task.params]
    if task.name in TASKS:
        behind.append("[NAME ...]")
    if task.pos_arg and task.name not in TASKS:
        behind.append(f"[-- {task.pos_arg.upper()} ...]")
    lines = [task.doc, "", "USAGE", f"    {' '.join(['doit', task.name, *behind])}"]
    if task.params:
        lines += ["", "OPTIONS"]
        lines += [line for option in task.params for line in CmdOption(option).help_doc()]
    if task.name in TASKS:
        lines.append(naming.HELP.rstrip())
    lines += ["", "`doit help run` lists the options that stand in front of a task."]
    return "\n".join([*lines, ""])

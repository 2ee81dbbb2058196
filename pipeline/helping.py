"""`npuforge help`, and what stands behind `--help`: commands, tasks, and what names mean."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from doit.cmd_help import Help as DoitHelp
from doit.cmdparse import CmdOption

from pipeline import commands, naming
from pipeline.naming import Names
from pipeline.options import PlainErrors
from pipeline.stages import STAGES
from runner.labels import TASKS, UnknownNameError
from softnpu.subcommands import PROGRAM
from softnpu.terminal import fitted

OVERVIEW = """npuforge: C kernels and MLIR designs to checked runs on AMD NPUs, with or without one.

  npuforge init my-kernels           start a project in a folder of its own
  npuforge                           build every design there and run it on the emulator
  npuforge vector_scale              one design, all of its variants
  npuforge test_hw vector_scale      the same on the NPU
  npuforge new --name saxpy          start a design
"""

GROUPS = {
    "Start": ("init", "new", "doctor", "docs"),
    "Build and check": ("run", "build", "test_emu", "test_hw", "watch", "explain", "test"),
    "Look at it": ("report", "observe", "draw", "trace", "dump", "diff", "disasm"),
    "Find a fault": ("debug", "state", "races", "core", "compare", "parity"),
    "Make it fast": ("profile", "bench", "history", "sweep", "whisper-budget"),
    "Take it elsewhere": ("bundle", "replay", "exec", "run-host"),
    "The compiler by hand": ("compile", "opt", "translate", "asm", "tools"),
    "A build, stage by stage": STAGES,
    "A project's files and memory": (
        *("list", "info", "clean", "forget", "ignore", "reset-dep", "dumpdb", "strace"),
        "cache",
        "compile_commands",
    ),
    "npuforge itself": ("help", "completion"),
}
"""What can be asked for, by what somebody wants; other tasks are a project's own."""

OTHERS = "This project's own"

MORE = """`npuforge help WORD` tells more of each, as --help behind it does. In a checkout
./doit is the same as npuforge; in an environment with npuforge plain `doit`
runs a project's tasks, too.
"""


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
        if args and (line := commands.command_line(args)) is not None:
            return commands.run(line, [args[0], "--help"])
        if args and args[0] in self.cmds:
            command = self.cmds[args[0]](cmds=self._cmds, **self.init_kwargs)
            sys.stdout.write(fitted(command.help(), sys.stdout))
            return 0
        if not Path(params.get("dodoFile", "")).is_file():  # no project: what every project has
            every = commands.tasks()
            told = overview(every, self.cmds) if not args else every.get(args[0])
            if told is None:
                raise UnknownNameError(args[0], f"`{PROGRAM} help` lists what there is")
            sys.stdout.write(fitted(f"{told.rstrip()}\n", sys.stdout))
            return 0
        self.loader.setup(params)
        tasks = self.loader.load_tasks(cmd=self, pos_args=[])
        if args:
            told = of_task(Names(tasks, self.loader.cmd_names), args[0])
        else:
            told = overview({task.name: task.doc for task in tasks}, self.cmds)
        sys.stdout.write(fitted(told, sys.stdout))
        return 0


def overview(tasks: Mapping[str, str], doits: Mapping[str, Any]) -> str:
    """All that there is, with a line for each.

    Args:
        tasks: what each is for, by name; parts of a task and those that are for no user are left
            out.
        doits: doit's commands.
    """
    found = {
        **{name: doc for name, doc in tasks.items() if ":" not in name and name[0] != "_"},
        **{name: command.doc_purpose for name, command in doits.items()},
        **{name: text for name, text in commands.purposes().items() if name != commands.BOTH},
    }
    groups = {title: [name for name in names if name in found] for title, names in GROUPS.items()}
    known = {name for names in groups.values() for name in names}
    groups[OTHERS] = [name for name in found if name not in known and name not in doits]
    lines = [OVERVIEW]
    for title, names in groups.items():
        if names:
            lines += [title, *(f"  {name:<17} {found[name]}" for name in names), ""]
    return "\n".join([*lines, naming.HELP.lstrip(), MORE])


def _option(option: Mapping[str, Any]) -> str:
    return f"[--{option['long']}]" if option.get("type") is bool else f"[--{option['long']}=ARG]"


def of_task(names: Names, word: str) -> str:
    """What a task does, and what can stand behind it.

    Raises:
        UnknownNameError: there is no such task, nor anything else of that name.
    """
    task = names.whole_task(word)
    if task is None:
        tasks = "".join(f"  {name}\n" for name in names.tasks([word]))
        return f"The tasks of {word}:\n{tasks}"
    behind = [_option(option) for option in task.params]
    if task.name in TASKS:
        behind.append("[NAME ...]")
    if task.pos_arg and task.name not in TASKS:
        behind.append(f"[-- {task.pos_arg.upper()} ...]")
    lines = [task.doc, "", "USAGE", f"    {' '.join([PROGRAM, task.name, *behind])}"]
    if task.params:
        lines += ["", "OPTIONS"]
        lines += [line for option in task.params for line in CmdOption(option).help_doc()]
    if task.name in TASKS:
        lines.append(naming.HELP.rstrip())
    lines += ["", "`npuforge help run` lists the options that stand in front of a task."]
    return "\n".join([*lines, ""])

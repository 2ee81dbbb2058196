"""`npuforge completion SHELL`: what makes bash, zsh or fish complete commands, options and names.

The script is written by shtab from one argparse parser that holds everything: the command lines'
own parsers, and of doit's commands and tasks what they take. So nothing is started at a press of
Tab but `ls`: doit's own tabcompletion asks `doit list` each time, which imports every design, and
knows no fish.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import commands
from pipeline.designs import TEMPLATES
from runner.labels import TASKS
from softnpu.subcommands import PROGRAM, load

if TYPE_CHECKING:
    from softnpu.subcommands import Subparsers

INSTALL = {
    "bash": f"{PROGRAM} completion bash > ~/.local/share/bash-completion/completions/{PROGRAM}",
    "zsh": f"{PROGRAM} completion zsh > ~/.zfunc/_{PROGRAM}    (with ~/.zfunc in fpath)",
    "fish": f"{PROGRAM} completion fish > ~/.config/fish/completions/{PROGRAM}.fish",
}
"""By shell, what keeps the script where that shell looks for it."""

DESIGNS = f"ls {TEMPLATES} 2>/dev/null | sed -n 's/[.]mlir.*//p'"
"""Prints the designs of the folder that the shell is in."""

_NAMES = ("NAME", "TASK")
"""What a command of doit's takes, as its usage says it."""

_DESCRIPTION = """Prints a script that makes a shell complete npuforge's commands and tasks, their
options, files, and the designs of the folder that one is in."""

_EXAMPLES = "where shells look for it:\n" + "".join(f"  {line}\n" for line in INSTALL.values())


def add_parser(subparsers: Subparsers) -> None:
    """Adds the sub-command `completion`."""
    parser = subparsers.add_parser(
        "completion",
        help="print what makes a shell complete npuforge's words",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shell", metavar="SHELL", choices=tuple(INSTALL), help=", ".join(INSTALL))
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Prints the script; returns the exit code."""
    import shtab

    sys.stdout.write(f"{shtab.complete(everything(), options.shell)}\n")
    return 0


def everything() -> argparse.ArgumentParser:
    """A parser of all commands and tasks with their options; it is never asked to parse."""
    parser = argparse.ArgumentParser(prog=PROGRAM)
    parser.add_argument("--version", action="store_true", help="print the version")
    subparsers = parser.add_subparsers(metavar="COMMAND")
    for line in commands.COMMAND_LINES:
        for name, subcommand in line.subcommands.items():
            if name != commands.BOTH:
                load(name, subcommand, subparsers)
    for added in subparsers.choices.values():
        _prepare(added)
    doits = _doits_commands()
    for name, command in doits.items():
        _add(subparsers, name, command.doc_purpose, command.get_options(), command.doc_usage)
    behind = doits["run"].get_options()
    for name, purpose in commands.tasks().items():
        _add(subparsers, name, purpose, behind, _NAMES[0] if name in TASKS else "")
    new = subparsers.choices["new"]
    new.add_argument("--name", help="name of the design")
    _complete(new.add_argument("--like", help="a design to start from"))
    return parser


def _doits_commands() -> Mapping[str, Any]:
    """doit's commands with npuforge's own in their place, made."""
    from doit.cmd_base import ModuleTaskLoader
    from doit.doit_cmd import DoitMain

    main = DoitMain(config_filenames=(), extra_config=commands.configuration())
    found = main.get_cmds()
    loader = ModuleTaskLoader({})
    return {name: made(cmds=found, task_loader=loader) for name, made in found.to_dict().items()}


def _add(
    subparsers: Subparsers, name: str, purpose: str, options: Iterable[Any], usage: str
) -> None:
    """Adds a command or a task of doit's, with its options as doit has them."""
    parser = subparsers.add_parser(name, help=purpose)
    for option in options:
        flags = [f"-{option.short}"] * bool(option.short) + [f"--{option.long}"] * bool(option.long)
        if not flags:
            continue
        words = " ".join((option.help or "").split("%")[0].split())
        if option.type is bool:
            parser.add_argument(*flags, action="store_true", help=words)
        else:
            choices = [value for value, _ in option.choices.items()] or None
            parser.add_argument(*flags, choices=choices, help=words)
    if any(word in usage for word in _NAMES):
        _complete(parser.add_argument("names", nargs="*", metavar="NAME"))


def _complete(action: argparse.Action) -> None:
    """The action takes names of designs."""
    import shtab

    action.complete = shtab.cmd(DESIGNS)  # type: ignore[attr-defined]


def _prepare(parser: argparse.ArgumentParser) -> None:
    """What is a path takes files; choices are lists, since shtab takes dicts for subparsers."""
    import shtab

    for action in parser._actions:
        if action.type is Path:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        if action.choices is not None:
            action.choices = tuple(action.choices)

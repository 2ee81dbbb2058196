"""All that `npuforge` can be told to do, and who does it.

A word is a command of the command lines below, else it is doit's: one of its commands, a task, or a
name of a design. Each has one name, however it is asked for: `npuforge dump`, `./doit dump` and
`python -m softnpu dump` are the same.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from configparser import ConfigParser
from pathlib import Path

from pipeline.errors import PipelineError
from runner.__main__ import COMMAND_LINE as RUNNER
from runner.errors import RunnerError
from softnpu.__main__ import COMMAND_LINE as SOFTNPU
from softnpu.errors import SoftnpuError
from softnpu.subcommands import CommandLine, Subcommand

OWN = CommandLine(
    "From a C kernel and an MLIR design to a checked run on AMD NPUs.",
    "",
    {
        "init": Subcommand("pipeline.init", "start a project in a folder of its own"),
        "docs": Subcommand("pipeline.docs", "show a page of the documentation"),
        "cache": Subcommand("pipeline.caching", "tell what the shared cache holds, or empty it"),
        "completion": Subcommand(
            "pipeline.completion", "print what makes a shell complete npuforge's words"
        ),
    },
)

COMMAND_LINES = (OWN, SOFTNPU, RUNNER)
"""Those that take no task and no project."""

HELP = "help"
"""doit's command that tells of all others."""

BOTH = "profile"
"""A task for designs, and a command for files."""

_FILES = (".xclbin", ".elf", ".o", ".s")

CONFIGURATION = Path(__file__).parent / "project" / "doit.cfg"
TASKS = Path(__file__).parent / "tasks.py"


def command_line(words: Sequence[str]) -> CommandLine | None:
    """Whose command stands first; None for what is doit's."""
    name = words[0] if words else ""
    if name == BOTH and not any(_is_file(word) for word in words[1:]):
        return None
    return next((line for line in COMMAND_LINES if name in line.subcommands), None)


def _is_file(word: str) -> bool:
    return word.endswith(_FILES) or Path(word).is_file()


def run(line: CommandLine, words: Sequence[str]) -> int:
    """Does a command of a command line; returns the exit code."""
    return line.main(words, PipelineError, RunnerError, SoftnpuError)


def configuration() -> dict[str, dict[str, str]]:
    """What doit is told of npuforge's commands, by section of its configuration."""
    parser = ConfigParser(delimiters=("=",))
    parser.read_string(CONFIGURATION.read_text(encoding="utf-8"))
    return {section: dict(parser[section]) for section in parser.sections()}


def purposes() -> dict[str, str]:
    """What each command that is not doit's is for, by name."""
    return {
        name: subcommand.help
        for line in COMMAND_LINES
        for name, subcommand in line.subcommands.items()
    }


def tasks() -> Mapping[str, str]:
    """What each task is for, by name: of those that every project has."""
    return dict(_tasks(ast.parse(TASKS.read_text(encoding="utf-8"))))


def _tasks(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("task_"):
            name = node.name.removeprefix("task_")
            if not name.startswith("_"):
                yield name, ast.get_docstring(node) or ""

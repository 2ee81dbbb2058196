"""What npuforge's commands share: the choice of tools, `--json`, errors of the command line."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from doit.cmdparse import CmdParseError
from doit.exceptions import InvalidCommand

from pipeline import selection
from pipeline.errors import PipelineError

TOOLCHAIN_OPTIONS = tuple(
    {
        "name": name,
        "long": name,
        "default": "",
        "type": str,
        "help": f"whose tools make {'everything' if name == selection.WHOLE else name}: "
        f"{', '.join(selection.MAKERS)}",
    }
    for name in selection.OPTIONS
)
"""doit reads those in front of the tasks; behind a task `selection.take` does."""


JSON = "json"


def json_option(help: str) -> dict[str, Any]:
    """The option `--json` of a command."""
    return {"name": JSON, "long": JSON, "type": bool, "default": False, "help": help}


_UNKNOWN = re.compile(r"Error parsing \w+: (?P<what>.*) \(parsing options: ", re.DOTALL)
_NO_NUMBER = re.compile(
    r"Error parsing parameter '(?P<option>[^']+)' <class '(?P<type>\w+)'>\.\n.*: '(?P<given>.*)'",
    re.DOTALL,
)
_NO_CHOICE = re.compile(
    r"Error parsing parameter '(?P<option>[^']+)'\. "
    r"Provided '(?P<given>.*)' but available choices are: (?P<choices>.*)\."
)
_NUMBERS = {"int": "a whole number", "float": "a number"}


def in_plain_words(problem: str, command: str) -> str:
    """doit's complaint about a command line without doit's own innards."""
    if found := _UNKNOWN.match(problem):
        return f"{found['what']}; `doit help {command}` lists the options"
    if (found := _NO_NUMBER.match(problem)) and found["type"] in _NUMBERS:
        return f"--{found['option']} takes {_NUMBERS[found['type']]}, not {found['given']!r}"
    if found := _NO_CHOICE.match(problem):
        choices = " or ".join(re.findall("'([^']*)'", found["choices"]))
        return f"--{found['option']} takes {choices}, not {found['given']!r}"
    return problem


INTERRUPTED = 130
"""The exit code of what Ctrl-C ended, as shells have it."""


class PlainErrors:
    """A doit command whose complaints about its command line a user can read, and Ctrl-C too."""

    name: str
    interrupted = "interrupted"
    """What is said after Ctrl-C."""

    def parse_execute(self, in_args: list[str]) -> Any:
        """As doit's; after Ctrl-C the process ends with INTERRUPTED."""
        try:
            return super().parse_execute(in_args)  # type: ignore[misc]
        except CmdParseError as error:
            raise CmdParseError(in_plain_words(str(error), self.name)) from None
        except KeyboardInterrupt:
            sys.stdout.flush()
            sys.stderr.write(f"{self.interrupted}\n")
            sys.stderr.flush()
            # Not by returning: Python would join the queues to doit's processes, and one that was
            # interrupted while it was made is never closed. doit has saved what it knows by now.
            os._exit(INTERRUPTED)


def take_json(params: Any, args: list[str]) -> tuple[bool, list[str]]:
    """Whether JSON is asked for, and the other arguments; what stands behind `--` is left alone."""
    end = args.index("--") if "--" in args else len(args)
    ours = [argument for argument in args[:end] if argument != f"--{JSON}"]
    return bool(params.get(JSON)) or len(ours) < end, [*ours, *args[end:]]


def options_first(args: list[str], options: Iterable[Mapping[str, Any]]) -> list[str]:
    """The same arguments with a command's own options in front, where doit looks for them."""
    takes_value = {f"--{o['long']}": o["type"] is not bool for o in options}
    front: list[str] = []
    others: list[str] = []
    waiting = list(args)
    while waiting:
        argument = waiting.pop(0)
        if argument == "--":
            return [*front, *others, *waiting]
        if not argument.startswith("--"):
            others.append(argument)
            continue
        front.append(argument)
        if takes_value.get(argument) and waiting:
            front.append(waiting.pop(0))
    return [*front, *others]


def take_options(params: Any, args: list[str]) -> list[str]:
    """Passes the choice of tools on to dodo.py, and returns the other arguments.

    Raises:
        InvalidCommand: for a choice that there is not.
    """
    given = [f"--{name}={params[name]}" for name in selection.OPTIONS if params.get(name)]
    try:
        selection.take(given, os.environ)
        return selection.take(args, os.environ)
    except PipelineError as error:
        raise InvalidCommand(error.message) from error

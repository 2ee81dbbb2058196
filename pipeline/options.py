"""The choice of tools as doit's options: `doit build --toolchain auto`, `doit --pdi embedded`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

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
JSON_OPTION = {
    "name": JSON,
    "long": JSON,
    "default": False,
    "type": bool,
    "help": "write one JSON document at the end and nothing else: tasks, verdicts, differences",
}
"""`doit --json`; behind a task `take_json` reads it."""


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

"""What npuforge's commands share: the choice of tools, `--json`, errors of the command line."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

from doit import doit_cmd
from doit.cmdparse import CmdParseError
from doit.exceptions import InvalidCommand, InvalidDodoFile, InvalidTask

from pipeline import selection
from pipeline.ending import INTERRUPTED, Ended, heed
from pipeline.errors import PipelineError
from pipeline.failing import refused
from runner.errors import RunnerError
from softnpu.subcommands import PROGRAM
from softnpu.terminal import end_when_the_reader_leaves, fitted

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
        return f"{found['what']}; `npuforge help {command}` lists the options"
    if (found := _NO_NUMBER.match(problem)) and found["type"] in _NUMBERS:
        return f"--{found['option']} takes {_NUMBERS[found['type']]}, not {found['given']!r}"
    if found := _NO_CHOICE.match(problem):
        choices = " or ".join(re.findall("'([^']*)'", found["choices"]))
        return f"--{found['option']} takes {choices}, not {found['given']!r}"
    return problem


MEMCHECK: dict[str, Any] = {
    "name": "memcheck",
    "long": "memcheck",
    "type": bool,
    "default": False,
    "help": "test_emu holds all accesses of cores' code against what they may touch, of all vectors"
    " (default: the first million)",
}
_MEMCHECK_ALL = "NPUFORGE_MEMCHECK"


def take_memcheck(params: Any, environment: MutableMapping[str, str]) -> None:
    """Passes `--memcheck` on to the tasks."""
    if params.get(MEMCHECK["name"]):
        environment[_MEMCHECK_ALL] = "all"


def memcheck_all(environment: Mapping[str, str]) -> bool:
    """Whether `--memcheck` was given."""
    return environment.get(_MEMCHECK_ALL) == "all"


FAILED = 1
"""The exit code for what cannot be done as asked."""

USAGE = 2
"""The exit code for what cannot be asked: options that there are not, or not there. As argparse's;
doit's own is 3."""

LEAST = {"num_process": 0, "verbosity": 0, "wait": 0, "iterations": 1, "warm-up": 0, "seconds": 0}
"""The least that an option takes."""


class PlainErrors:
    """A doit command whose complaints about its command line a user can read, and Ctrl-C too."""

    name: str
    doc_description: str | None
    takes_settings = False
    """Whether NAME=VALUE means something to it."""
    interrupted = "interrupted"
    """What is said after Ctrl-C."""

    def __init__(self, *given: Any, **options: Any) -> None:
        end_when_the_reader_leaves()
        super().__init__(*given, **options)

    def parse_execute(self, in_args: list[str]) -> Any:
        """As doit's; with --help among them help is all that is done.

        After Ctrl-C, `kill` or a hang-up the process ends with the code that shells give for it.
        """
        heed()
        try:
            if asks_for_help(in_args):
                return self.show_help([word for word in in_args if not word.startswith("-")])
            self._check(in_args)
            return super().parse_execute(in_args)  # type: ignore[misc]
        except (PipelineError, RunnerError) as error:
            sys.stdout.flush()
            sys.stderr.write(f"error: {str(error).removeprefix('error: ')}\n")
            return FAILED
        except OSError as error:
            told = refused(error)
            if told is None:
                raise
            sys.stderr.write(f"{told}\n")
            return FAILED
        except (CmdParseError, InvalidCommand, InvalidDodoFile, InvalidTask) as error:
            sys.stdout.flush()
            sys.stderr.write(f"error: {in_plain_words(str(error), self.name).strip()}\n")
            return USAGE
        except KeyboardInterrupt as error:
            sys.stdout.flush()
            sys.stderr.write(f"{self.interrupted}\n")
            sys.stderr.flush()
            # Not by returning: whoever presses it twice would see Python's own end interrupted.
            # doit has saved what it knows by now.
            os._exit(error.code if isinstance(error, Ended) else INTERRUPTED)

    def _check(self, in_args: list[str]) -> None:
        """Raises CmdParseError for what doit itself would take in silence."""
        params, _ = self.cmdparser.parse(in_args)  # type: ignore[attr-defined]
        for option in self.cmdparser.options:  # type: ignore[attr-defined]
            least, given = LEAST.get(option.name), params.get(option.name)
            if least is not None and given is not None and given < least:
                raise CmdParseError(f"--{option.long} takes {least} or more, not {given}")
        variables = {} if self.takes_settings else doit_cmd._CMDLINE_VARS or {}
        for name, value in variables.items():
            raise CmdParseError(
                f"{name}={value} means nothing here: parameters and variants of them stand in the "
                "design's Python file, in mlir_templates"
            )

    def show_help(self, words: list[str]) -> int:  # noqa: ARG002
        """Prints what there is to know of the command.

        Args:
            words: what stands behind it beside options.
        """
        sys.stdout.write(fitted(self.help(), sys.stdout))
        return 0

    def help(self) -> str:
        """As doit's, which takes each line for a paragraph; under any name."""
        self.bin_name = PROGRAM
        paragraphs = (self.doc_description or "").strip().split("\n\n")
        self.doc_description = "\n\n".join(" ".join(text.split()) for text in paragraphs)
        return f"{super().help().rstrip()}\n"  # type: ignore[misc]


def asks_for_help(arguments: list[str]) -> bool:
    """Whether there is a --help; what stands behind `--` is for somebody else."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return not {"--help", "-h"}.isdisjoint(arguments[:end])


def take_json(params: Any, args: list[str]) -> tuple[bool, list[str]]:
    """Whether JSON is asked for, and the other arguments; what stands behind `--` is left alone."""
    end = args.index("--") if "--" in args else len(args)
    ours = [argument for argument in args[:end] if argument != f"--{JSON}"]
    return bool(params.get(JSON)) or len(ours) < end, [*ours, *args[end:]]


def options_first(
    args: list[str], options: Iterable[Mapping[str, Any]], *, others: bool = True
) -> list[str]:
    """The same arguments with a command's own options in front, where doit looks for them.

    Args:
        others: options that are not the command's go along: then it takes no task's.
    """
    takes_value = {f"--{o['long']}": o["type"] is not bool for o in options}
    front: list[str] = []
    behind: list[str] = []
    waiting = list(args)
    while waiting:
        argument = waiting.pop(0)
        if argument == "--":
            return [*front, *behind, *waiting] if others else [*front, *behind, "--", *waiting]
        own = argument.partition("=")[0] in takes_value
        if not argument.startswith("--") or not (own or others):
            behind.append(argument)
            continue
        front.append(argument)
        if takes_value.get(argument) and waiting:
            front.append(waiting.pop(0))
    return [*front, *behind]


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

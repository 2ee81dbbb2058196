"""A command line of subcommands: each lives in a module of its own, imported when it is asked for.

Such a module has a function `add_parser(subparsers)` that adds its argparse parser and sets `run`,
a function from the parsed arguments to the exit code. `OPTIONAL_VALUES`, if it has them, are
options whose value never stands apart: `--canonicalize design.mlir` has none.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from softnpu.collecting import collect_again
from softnpu.errors import SoftnpuError, of_the_system
from softnpu.terminal import check_command

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

PROGRAM = "npuforge"

FAILURE, INTERRUPTED = 1, 130


@dataclass(frozen=True)
class Subcommand:
    """A subcommand: where it lives and one line on what it does.

    `runs`: it executes code, for as long as that takes; the others make or read a few files.
    """

    module: str
    help: str
    runs: bool = False


@dataclass(frozen=True)
class CommandLine:
    """Some of npuforge's subcommands, with what their common help says."""

    description: str
    examples: str
    subcommands: Mapping[str, Subcommand]

    def main(self, arguments: Sequence[str] | None = None, *mended: type[Exception]) -> int:
        """Does what the arguments (sys.argv's without any) ask for, and returns the exit code.

        Args:
            mended: errors that somebody can mend, whose message is told; others are our bugs.

        Raises:
            SystemExit: for help (0) and a wrong call (2), as argparse does.
        """
        try:
            return self._run(sys.argv[1:] if arguments is None else arguments)
        except mended as error:
            return _failed(str(error))
        except OSError as error:
            return _failed(of_the_system(error))
        except KeyboardInterrupt:
            return INTERRUPTED

    def _run(self, given: Sequence[str]) -> int:
        parser = self._parser(given)
        check_command(parser, given, self.subcommands)
        parsed = parser.parse_args(self._spelled_out(given))
        if self.subcommands[_wanted(given)].runs:
            collect_again()
        return int(parsed.run(parsed))

    def _parser(self, given: Sequence[str]) -> argparse.ArgumentParser:
        parser = argparse.ArgumentParser(
            prog=PROGRAM,
            description=self.description,
            epilog=self.examples,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
        wanted = _wanted(given)
        for name, subcommand in self.subcommands.items():
            if name == wanted:
                load(name, subcommand, subparsers)
            else:
                subparsers.add_parser(name, help=subcommand.help)
        return parser

    def _spelled_out(self, given: Sequence[str]) -> Sequence[str]:
        """The arguments, options that may stand without their value as argparse wants them."""
        wanted = _wanted(given)
        if wanted not in self.subcommands:
            return given
        module = import_module(self.subcommands[wanted].module)
        optional = getattr(module, "OPTIONAL_VALUES", ())
        return [
            f"{word}=" if word.lstrip("-") in optional and word[0] == "-" else word
            for word in given
        ]


def _failed(message: str) -> int:
    sys.stderr.write(f"{message if 'error:' in message else f'error: {message}'}\n")
    return FAILURE


def _wanted(given: Sequence[str]) -> str:
    return next((argument for argument in given if not argument.startswith("-")), "")


def load(name: str, subcommand: Subcommand, subparsers: Subparsers) -> None:
    """Lets the subcommand's own module add its parser.

    Raises:
        SoftnpuError: there is no such module.
    """
    try:
        module = import_module(subcommand.module)
    except ModuleNotFoundError as error:
        if error.name is None or not subcommand.module.startswith(error.name):
            raise
        raise SoftnpuError(f"'{name}' is not part of this version of npuforge") from error
    module.add_parser(subparsers)

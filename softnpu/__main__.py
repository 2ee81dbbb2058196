"""`python -m softnpu`: the software NPU's tools on the command line.

Each subcommand lives in a module of its own, imported only when it is asked for, with a function
`add_parser(subparsers)` that adds its argparse parser and sets `run`, a function from the parsed
arguments to the exit code. `OPTIONAL_VALUES`, if it has them, are options whose value never stands
apart: `--canonicalize design.mlir` has none.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from softnpu.collecting import collect_again, collect_no_more
from softnpu.errors import SoftnpuError
from softnpu.terminal import check_command, end_when_the_reader_leaves

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


@dataclass(frozen=True)
class Subcommand:
    """A subcommand: where it lives and one line on what it does.

    `runs`: it executes code, for as long as that takes; the others make or read a few files.
    """

    module: str
    help: str
    runs: bool = False


SUBCOMMANDS: dict[str, Subcommand] = {
    "compile": Subcommand(
        "softnpu.compiler.cli",
        "compile an MLIR design to final.xclbin, insts.bin and what comes between",
    ),
    "opt": Subcommand(
        "softnpu.compiler.opt",
        "run passes over a design, by their names",
    ),
    "translate": Subcommand(
        "softnpu.compiler.translate",
        "turn a lowered design into another format",
    ),
    "dump": Subcommand(
        "softnpu.inspect.cli",
        "print an xclbin, PDI, CDO, instruction stream, trace or ELF file as readable text",
    ),
    "asm": Subcommand(
        "softnpu.isa.cli",
        "assemble AIE machine code to an ELF object",
    ),
    "disasm": Subcommand(
        "softnpu.inspect.disasm_cli",
        "print the AIE machine code in an ELF file, object, xclbin or PDI",
    ),
    "core": Subcommand(
        "softnpu.core_cli",
        "call one function of a kernel on one core",
        runs=True,
    ),
    "profile": Subcommand(
        "softnpu.profile_cli",
        "tell where the cycles of a run go",
        runs=True,
    ),
    "state": Subcommand(
        "softnpu.emulator.debugging.state_cli",
        "show what an array was at when a run hung or faulted",
    ),
    "diff": Subcommand(
        "softnpu.inspect.diff.cli",
        "compare two files or folders by what they say",
    ),
    "tools": Subcommand(
        "softnpu.tools.folder",
        "fill a folder with programs under the names of AMD's",
    ),
    "run-host": Subcommand(
        "softnpu.emulator.cli",
        "run a host for XRT (Python, C++ or a program), on the emulated NPU",
        runs=True,
    ),
}

EXAMPLES = """examples:
  python -m softnpu compile design.mlir -o out    everything that the NPU needs, into out/
  python -m softnpu dump out/final.xclbin         what the array is set up to do
  python -m softnpu dump out/insts.bin            what a run makes it do
  python -m softnpu diff out older                what differs between two builds

`python -m softnpu COMMAND --help` tells the options of a command.
"""

FAILURE, USAGE, INTERRUPTED = 1, 2, 130


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line and gives its exit code: 0, 1 for a failure, 2 for a wrong call."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        parser = _parser(given)
        check_command(parser, given, SUBCOMMANDS)
        parsed = parser.parse_args(_spelled_out(given))
        if SUBCOMMANDS[_wanted(given)].runs:
            collect_again()
        return int(parsed.run(parsed))
    except SoftnpuError as error:
        return _failed(str(error))
    except OSError as error:
        return _failed(
            f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
        )
    except KeyboardInterrupt:
        return INTERRUPTED


def _failed(message: str) -> int:
    print(message if "error:" in message else f"error: {message}", file=sys.stderr)
    return FAILURE


def _spelled_out(given: list[str]) -> list[str]:
    """The arguments, options that may stand without their value written as argparse wants them."""
    wanted = _wanted(given)
    if wanted not in SUBCOMMANDS:
        return given
    module = import_module(SUBCOMMANDS[wanted].module)
    optional = getattr(module, "OPTIONAL_VALUES", ())
    return [
        f"{word}=" if word.lstrip("-") in optional and word[0] == "-" else word for word in given
    ]


def _wanted(given: list[str]) -> str:
    return next((argument for argument in given if not argument.startswith("-")), "")


def _parser(given: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m softnpu",
        description="The AMD XDNA NPU and its tools in software.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    wanted = _wanted(given)
    for name, subcommand in SUBCOMMANDS.items():
        if name == wanted:
            _load(name, subcommand, subparsers)
        else:
            subparsers.add_parser(name, help=subcommand.help)
    return parser


def _load(name: str, subcommand: Subcommand, subparsers: Subparsers) -> None:
    """Lets the subcommand's own module add its parser."""
    try:
        module = import_module(subcommand.module)
    except ModuleNotFoundError as error:
        if error.name is None or not subcommand.module.startswith(error.name):
            raise
        raise SoftnpuError(f"'{name}' is not part of this version of softnpu") from error
    module.add_parser(subparsers)


if __name__ == "__main__":
    end_when_the_reader_leaves(0)
    collect_no_more()
    sys.exit(main())

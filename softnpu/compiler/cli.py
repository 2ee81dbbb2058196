"""`npuforge compile`: a design to its artifacts, in one command."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from softnpu.collecting import uncollected
from softnpu.compiler import aiecc_options
from softnpu.compiler.aiecc_options import BESIDES, COMPILING, DELIVERING, OPTIONS
from softnpu.compiler.outputs import deliver
from softnpu.compiler.words import TRUTH, Kind, Option, Words, dashed
from softnpu.errors import ToolError
from softnpu.warned import collected, counted

if TYPE_CHECKING:
    from softnpu.compiler.driver import Outcome
    from softnpu.subcommands import Subparsers

DESCRIPTION = """\
Compiles an MLIR design (aie and aiex dialects) to everything that an NPU needs.

Into DIR go, under the names that aiecc uses:
  input_with_addresses.mlir       buffers, locks and descriptors with their numbers
  input_flows.json                the flows, to hold the finished array to
  input_physical.mlir             flows routed through the stream switches
  npu_expanded.mlir               what images would load, written out (--expand-load-pdis)
  npu_insts.mlir, insts.bin       what the host makes the array do
  main_core_C_R.ld.script, .elf   a core's linker script and program
  main_aie_cdo_*.bin, main.pdi    the array's configuration
  routes.txt                      the way of each flow through that array
  final.xclbin                    what XRT loads: the PDI and the kernel's signature
  kernels_main.json, ...          the texts from which xclbinutil would make it
  names.json                      the design's names, for what the emulator has to say

Without AMD's compiler the cores' programs are RV32 code, which the emulator runs; the xclbin
carries a mark that says so. Programs from --elf-dir are packed as they are.
"""

EXAMPLES = """\
examples:
  npuforge compile design.mlir -o out
  npuforge compile design.mlir -o out --objects kernels_src
      the core links "scale.o": kernels_src/scale.o, or compiled from kernels_src/scale.c
  npuforge compile design.mlir -o out --elf-dir peano
      peano/main_core_0_2.elf is the program of core (0, 2)
  npuforge compile two.mlir -o out --xclbin-input one.xclbin --xclbin-kernel-name TWO \\
      --xclbin-kernel-id 0x902 --get-xclbin=both.xclbin
      both.xclbin has the kernels of one.xclbin, and TWO

All other options of aiecc's are taken, too: those for hosts, simulators and AMD's compilers change
nothing, which a note says; checkpoints and the graph are refused (--cut, --checkpoint, --resume,
--emit-dot). -n compiles and writes nothing.
"""

OPTIONAL_VALUES = frozenset(
    name for name, option in OPTIONS.items() if option.kind in (Kind.SWITCH, Kind.GET)
)

LISTED_PROGRAMS = 4
"""More core programs than these are counted instead of listed."""


def add_parser(subparsers: Subparsers) -> None:
    """Adds `compile` to the command line."""
    parser = subparsers.add_parser(
        "compile",
        help="compile an MLIR design to final.xclbin, insts.bin and what comes between",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("design", type=Path, metavar="DESIGN.mlir", help="the design")
    parser.add_argument(
        "-o",
        "--output",
        "--tmpdir",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder for the artifacts",
    )
    parser.add_argument(
        "--objects",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="where the objects that cores link lie, or their .c sources "
        "(may be given several times; the design's own folder is searched last)",
    )
    parser.add_argument(
        "--elf-dir",
        type=Path,
        metavar="DIR",
        help="where finished core programs lie; the others are compiled",
    )
    parser.add_argument(
        "--npu-cpp",
        action="store_true",
        help="what only the run decides of the sequences goes into npu_insts.h, C++ functions by "
        "which the host makes their streams, and there is no insts.bin; else it is refused",
    )
    parser.add_argument(
        "--version",
        "--aie-version",
        action="version",
        version=aiecc_options.VERSION,
        help=argparse.SUPPRESS,
    )
    parser.add_argument("--help-list", action="help", help=argparse.SUPPRESS)
    for title, rows in GROUPS.items():
        group = parser.add_argument_group(title)
        for name, option in rows.items():
            _add_option(group, name, option)
    parser.set_defaults(run=run, words=None)


GROUPS = {
    "how it is compiled (as by aiecc)": COMPILING,
    "what of it is handed out besides, under which names (as by aiecc)": DELIVERING,
    "of aiecc's, taken too": BESIDES,
}
ALIASES = {"alloc-scheme": "alloc"}


def _add_option(group: argparse._ArgumentGroup, name: str, option: Option) -> None:
    """One of aiecc's options, which `words` of the parsed arguments then has."""
    spellings = [dashed(name), *(dashed(alias) for alias in filter(None, [ALIASES.get(name)]))]
    optional = option.kind in (Kind.SWITCH, Kind.GET)
    group.add_argument(
        *spellings,
        action=_Take,
        nargs="?" if optional else None,
        const="" if optional else None,
        metavar="BOOL" if option.kind is Kind.SWITCH else option.metavar,
        help=option.help or argparse.SUPPRESS,
    )


class _Take(argparse.Action):
    """Notes one of aiecc's options among the parsed arguments' `words`."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option: str | None = None) -> None:  # noqa: ARG002
        name = self.option_strings[0].lstrip("-")
        known = OPTIONS[name]
        if namespace.words is None:
            namespace.words = Words()
        try:
            if known.kind is Kind.SWITCH:
                values = str(truth(values)).lower()
            namespace.words.add(name, values, known)
        except argparse.ArgumentTypeError as error:
            parser.error(f"{dashed(name)}: {error}")
        except ToolError as error:
            parser.error(str(error))


def truth(text: str) -> bool:
    """A boolean as aiecc takes it; an option without a value is true."""
    if text not in TRUTH:
        raise argparse.ArgumentTypeError(f"it is true or false, not {text}")
    return TRUTH[text] == "true"


def run(options: argparse.Namespace) -> int:
    """Compiles; SoftnpuError goes to the caller, which prints it."""
    with uncollected():  # from the compiler's many modules on
        return _compile(options)


def _compile(options: argparse.Namespace) -> int:
    from softnpu.compiler import driver

    _check_folders(options)
    words = options.words or Words()
    wanted = aiecc_options.wanted(words)
    sys.stderr.writelines(f"{note}\n" for note in aiecc_options.notes(words))
    how = aiecc_options.options_of(
        words, objects=tuple(options.objects), elf_dir=options.elf_dir, npu_cpp=options.npu_cpp
    )
    with _folder(options.output, words) as folder:
        with collected() as warned:
            try:
                outcome = driver.compile_design(options.design, folder, how)
            finally:
                sys.stderr.writelines(f"{text}\n" for text in counted(warned))
        if aiecc_options.writes_nothing(words):
            return 0
        handed = deliver(wanted, folder, Path(words.last("output-dir", ".")), words)
        if aiecc_options.tells(words):
            sys.stderr.writelines(f"wrote {name}\n" for name in handed)
    sys.stdout.write(summary(folder, outcome))
    return 0


@contextmanager
def _folder(output: Path, words: Words) -> Iterator[Path]:
    """Where artifacts go; a passing folder, if nothing is to be written."""
    if not aiecc_options.writes_nothing(words):
        yield output
        return
    with tempfile.TemporaryDirectory(prefix="npuforge-") as scratch:
        yield Path(scratch)


def _check_folders(options: argparse.Namespace) -> None:
    """Refuse folders that are not there: what they should give would come from elsewhere."""
    given = [("--objects", folder) for folder in options.objects]
    given += [("--elf-dir", options.elf_dir)] if options.elf_dir is not None else []
    for option, folder in given:
        if not folder.is_dir():
            raise ToolError(f"{option} {folder}: there is no such folder")


def summary(out_dir: Path, outcome: Outcome) -> str:
    """What was made, in a few lines."""
    lines = [f"compiled into {out_dir}"]
    if outcome.programs.compiled:
        lines.append(f"cores compiled for the stand-in (RV32): {_names(outcome.programs.compiled)}")
    if outcome.programs.packed:
        lines.append(f"core programs packed as they are: {_names(outcome.programs.packed)}")
    lines.extend(f"note: {note}" for note in outcome.notes)
    return "".join(f"{line}\n" for line in lines)


def _names(files: tuple[Path, ...]) -> str:
    names = [file.name for file in files]
    if len(names) > LISTED_PROGRAMS:
        return f"{names[0]} to {names[-1]}, {len(names)} in all"
    return ", ".join(names)

"""`python -m softnpu compile`: a design to its artifacts, in one command."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from softnpu.compiler.pipelines import ALLOCATION_SCHEMES
from softnpu.errors import ToolError

if TYPE_CHECKING:
    from softnpu.__main__ import Subparsers
    from softnpu.compiler.driver import Outcome

DESCRIPTION = """\
Compiles an MLIR design (aie and aiex dialects) to everything that an NPU needs.

Into DIR go, under the names that aiecc uses:
  input_with_addresses.mlir       buffers, locks and descriptors with their numbers
  input_physical.mlir             flows routed through the stream switches
  npu_insts.mlir, insts.bin       what the host makes the array do
  main_core_C_R.ld.script, .elf   a core's linker script and program
  main_aie_cdo_*.bin, main.pdi    the array's configuration
  final.xclbin                    what XRT loads: the PDI and the kernel's signature
  names.json                      the design's names, for what the emulator has to say

Without AMD's compiler the cores' programs are RV32 code, which the emulator runs; the xclbin
carries a mark that says so. Programs from --elf-dir are packed as they are.
"""

EXAMPLES = """\
examples:
  python -m softnpu compile design.mlir -o out
  python -m softnpu compile design.mlir -o out --objects kernels_src
      the core links "scale.o": kernels_src/scale.o, or compiled from kernels_src/scale.c
  python -m softnpu compile design.mlir -o out --elf-dir peano
      peano/main_core_0_2.elf is the program of core (0, 2)
"""

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
        "-o", "--output", type=Path, required=True, metavar="DIR", help="folder for the artifacts"
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
        "--alloc",
        choices=ALLOCATION_SCHEMES,
        default="",
        help="how buffers are placed in a tile's memory "
        "(default: bank-aware, and basic-sequential where that does not fit)",
    )
    parser.add_argument(
        "--device-name", default="", metavar="NAME", help="compile only the aie.device of this name"
    )
    parser.add_argument(
        "--sequence-name",
        default="",
        metavar="NAME",
        help="the aie.runtime_sequence that insts.bin holds (default: the first)",
    )
    parser.add_argument(
        "--number-pdis",
        action="store_true",
        help="in a file with several devices, let load_pdi name the PDI of its device, as aiecc "
        "does for a full ELF (default: 0, as aie-translate writes it)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Compiles; SoftnpuError goes to the caller, which prints it."""
    from softnpu.compiler import driver

    _check_folders(options)
    outcome = driver.compile_design(
        options.design,
        options.output,
        driver.Options(
            objects=tuple(options.objects),
            elf_dir=options.elf_dir,
            alloc=options.alloc,
            device_name=options.device_name,
            sequence_name=options.sequence_name,
            number_pdis=options.number_pdis,
        ),
    )
    sys.stdout.write(summary(options.output, outcome))
    return 0


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

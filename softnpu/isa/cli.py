"""`npuforge asm FILE.s -o FILE.o`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from softnpu.errors import AssemblyError
from softnpu.isa import table

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_DESCRIPTION = """Assembles AIE machine code in LLVM's syntax to an ELF object that Peano's linker
takes. A line is a bundle, its instructions separated by `;` in any order; slots that are not
written do nothing, and the smallest bundle is taken. Results land as late as the pipeline says and
a branch has its delay slots: the text is the program, nothing is scheduled or filled in."""

_EXAMPLES = """examples:
  npuforge asm scale.s                 to scale.o
  npuforge asm scale.s -o build/k.o    to another file
  npuforge asm scale.s --device npu2   for an npu2's cores
  npuforge disasm scale.o              and back

a function that doubles a number, double.s:
          .text
          .globl double
          .p2align 4
  double: ret lr                        // five more bundles run
          add r0, r0, r0
          nop
          nop
          nop
          nop
"""


def add_parser(subparsers: Subparsers) -> None:
    """Adds the `asm` subcommand."""
    parser = subparsers.add_parser(
        "asm",
        help="assemble AIE machine code to an ELF object",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", metavar="FILE.s", type=Path, help="the source")
    parser.add_argument(
        "-o", dest="output", metavar="FILE.o", type=Path, help="the object (default: FILE.o)"
    )
    parser.add_argument(
        "--device",
        default=next(iter(table.BY_DEVICE)),
        choices=table.BY_DEVICE,
        help="whose cores it is for (default: npu1)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Assembles the file; gives the exit code."""
    from softnpu.isa import elf_object
    from softnpu.isa.assembler import assemble

    try:
        text = arguments.file.read_text()
    except UnicodeDecodeError as error:
        raise AssemblyError(f"{arguments.file} is no text: {error.reason}") from error
    made = assemble(text, table.load(table.BY_DEVICE[arguments.device]), arguments.file)
    output = arguments.output or arguments.file.with_suffix(".o")
    output.write_bytes(elf_object.write(made))
    return 0

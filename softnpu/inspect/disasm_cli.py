"""`npuforge disasm FILE`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from softnpu.isa import table

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_DESCRIPTION = """Prints the AIE programs that a file holds, in LLVM's syntax: a core's ELF file or
an object (as Peano's clang writes it), an xclbin, a PDI or a CDO with all of its cores, or a
program's bare bytes. A line is a bundle with its address, its slots in order; labels stand where a
function begins or a branch or a hardware loop leads, and before what an ELF file has debug
information of, the line of the source."""

_EXAMPLES = """examples:
  npuforge disasm out/main_core_0_2.elf      one core, with its functions and source lines
  npuforge disasm out/final.xclbin           every core
  npuforge disasm scale.o --json             bundles, slots, operands for a script
"""


def add_parser(subparsers: Subparsers) -> None:
    """Adds the `disasm` subcommand."""
    parser = subparsers.add_parser(
        "disasm",
        help="print the AIE machine code in an ELF file, object, xclbin or PDI",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="what holds the programs")
    parser.add_argument(
        "--raw", action="store_true", help="FILE is a program's bytes, from address 0 on"
    )
    parser.add_argument(
        "--device",
        choices=table.BY_DEVICE,
        help="whose cores, where FILE is no ELF file (default: whose code it is)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, a list of programs")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints every program; 1 if control gets to what is no bundle."""
    from softnpu.inspect.disassembly import Disassembly, to_json, to_text
    from softnpu.inspect.machine_code import programs

    found = [
        Disassembly(program)
        for program in programs(
            arguments.file, table.BY_DEVICE.get(arguments.device), raw=arguments.raw
        )
    ]
    if arguments.json:
        sys.stdout.write(json.dumps([to_json(each) for each in found], indent=1) + "\n")
    else:
        parts = ("\n".join(to_text(each)) + "\n" for each in found)
        sys.stdout.write("\n".join(parts))
    sys.stdout.flush()
    for each in found:
        for address in each.unknown:
            problem = each.reached.faults[address]
            sys.stderr.write(f"error: {each.program.title}: {problem} ({address:#x} is reached)\n")
    return int(any(each.unknown for each in found))

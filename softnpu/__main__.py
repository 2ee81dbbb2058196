"""`npuforge`: the software NPU's tools on the command line; `python -m softnpu` is the same."""

from __future__ import annotations

import sys

from softnpu.collecting import collect_no_more
from softnpu.errors import SoftnpuError
from softnpu.subcommands import CommandLine, Subcommand
from softnpu.terminal import end_when_the_reader_leaves

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
        "softnpu.run_host_cli",
        "run a host for XRT (Python, C++ or a program), on the emulated NPU",
        runs=True,
    ),
}

EXAMPLES = """examples:
  npuforge compile design.mlir -o out    everything that the NPU needs, into out/
  npuforge dump out/final.xclbin         what the array is set up to do
  npuforge dump out/insts.bin            what a run makes it do
  npuforge diff out older                what differs between two builds

`npuforge COMMAND --help` tells the options of a command.
"""

COMMAND_LINE = CommandLine("The AMD XDNA NPU and its tools in software.", EXAMPLES, SUBCOMMANDS)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line and gives its exit code: 0, 1 for a failure, 2 for a wrong call."""
    return COMMAND_LINE.main(arguments, SoftnpuError)


if __name__ == "__main__":
    end_when_the_reader_leaves(0)
    collect_no_more()
    sys.exit(main())

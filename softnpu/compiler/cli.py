"""`npuforge compile`: a design to its artifacts, in one command."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from softnpu.collecting import uncollected
from softnpu.compiler.pipelines import ALLOCATION_SCHEMES
from softnpu.errors import ToolError
from softnpu.passes.placement import PLACERS
from softnpu.warned import collected, counted

if TYPE_CHECKING:
    from softnpu.compiler.driver import Outcome
    from softnpu.formats.xclbin.spec import KernelIdentity
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
"""

SWITCHES = {
    "dynamic-objFifos": (
        True,
        "cores count the objects of their objectfifos at run time (default: true; false: "
        "their loops are unrolled); a core's dynamic_objfifo_lowering goes before it",
    ),
    "packet-sw-objFifos": (False, "objectfifos go by packet-switched flows"),
    "generate-ctrl-pkt-overlay": (
        False,
        "let control packets from the shim's DMA reach every tile of the design's columns",
    ),
    "expand-load-pdis": (
        False,
        "a sequence that configures a device (aiex.configure) resets the array and writes its "
        "registers, instead of loading the device's image",
    ),
    "load-pdi-to-ctrl-pkt": (
        False,
        "it sends the device's configuration by control packets, from one more host buffer, whose "
        "content is DEVICE_SEQUENCE_ctrlpkt.bin",
    ),
}
"""Options that are true or false: their defaults, and what they are for."""
OPTIONAL_VALUES = frozenset(SWITCHES)

NAMES = {
    "kernel-name": "what the kernel is called in final.xclbin (default: MLIR_AIE)",
    "instance-name": "what its instance is called (default: MLIRAIE)",
}
"""Options that begin with `xclbin-`."""
KERNEL_IDS = 0xFFF
"""The largest id that an xclbin has room for."""

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
        "--alloc-scheme",
        "--alloc",
        dest="alloc",
        choices=ALLOCATION_SCHEMES,
        default="",
        help="how buffers are placed in a tile's memory "
        "(default: bank-aware, and basic-sequential where that does not fit)",
    )
    parser.add_argument(
        "--placer",
        choices=PLACERS,
        default=PLACERS[0],
        help="how tiles that the design leaves open (aie.logical_tile) get their places "
        "(default: sequential_placer; sa_placer: simulated annealing, which can take minutes)",
    )
    parser.add_argument(
        "--cores-per-col",
        type=int,
        default=-1,
        metavar="N",
        help="place at most N cores in a column (default: as many as there are)",
    )
    parser.add_argument(
        "--sa-seed",
        type=int,
        default=1,
        metavar="N",
        help="the seed of simulated annealing (default: 1; 0: another one each time)",
    )
    for name, (default, help) in SWITCHES.items():
        parser.add_argument(
            f"--{name}",
            type=truth,
            nargs="?",
            const=True,
            default=default,
            metavar="BOOL",
            help=help,
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
        "--npu-cpp",
        action="store_true",
        help="what only the run decides of the sequences goes into npu_insts.h, C++ functions by "
        "which the host makes their streams, and there is no insts.bin; else it is refused",
    )
    for name, help in NAMES.items():
        parser.add_argument(f"--xclbin-{name}", metavar="NAME", help=help)
    parser.add_argument(
        "--xclbin-kernel-id", type=kernel_id, metavar="N", help="its id (default: 0x901)"
    )
    parser.add_argument(
        "--fold-ddr-addr-offset",
        choices=("true", "false"),
        default="true",
        help="let the stream translate the addresses of the sixth host buffer and further ones, "
        "which the NPU's firmware does not (default: true); false for a host that has translated "
        "them all, as for a full ELF",
    )
    parser.set_defaults(run=run)


def truth(text: str) -> bool:
    """A boolean as aiecc takes it; an option without a value is true."""
    values = {"": True, "true": True, "1": True, "false": False, "0": False}
    if text not in values:
        raise argparse.ArgumentTypeError(f"it is true or false, not {text}")
    return values[text]


def kernel_id(text: str) -> int:
    """A kernel's id, decimal or hexadecimal."""
    try:
        number = int(text, 0)
    except ValueError:
        number = -1
    if not 0 <= number <= KERNEL_IDS:
        raise argparse.ArgumentTypeError(f"it is a number from 0 to {KERNEL_IDS:#x}, not {text}")
    return number


def run(options: argparse.Namespace) -> int:
    """Compiles; SoftnpuError goes to the caller, which prints it."""
    with uncollected():  # from the compiler's many modules on
        return _compile(options)


def _compile(options: argparse.Namespace) -> int:
    from softnpu.compiler import driver

    _check_folders(options)
    wanted = driver.Options(
        objects=tuple(options.objects),
        elf_dir=options.elf_dir,
        alloc=options.alloc,
        placer=options.placer,
        cores_per_col=options.cores_per_col,
        sa_seed=options.sa_seed,
        **{_field(name): getattr(options, name.replace("-", "_")) for name in SWITCHES},
        device_name=options.device_name,
        sequence_name=options.sequence_name,
        translate=options.fold_ddr_addr_offset == "true",
        npu_cpp=options.npu_cpp,
        kernel=_identity(options),
    )
    with collected() as warned:
        try:
            outcome = driver.compile_design(options.design, options.output, wanted)
        finally:
            sys.stderr.writelines(f"{text}\n" for text in counted(warned))
    sys.stdout.write(summary(options.output, outcome))
    return 0


def _identity(options: argparse.Namespace) -> KernelIdentity:
    from softnpu.formats.xclbin.spec import KernelIdentity

    given = {
        "name": options.xclbin_kernel_name,
        "instance": options.xclbin_instance_name,
        "number": options.xclbin_kernel_id,
    }
    return KernelIdentity(**{field: value for field, value in given.items() if value is not None})


def _field(switch: str) -> str:
    """What `pipelines.Choices` calls a switch."""
    return switch.replace("-", "_").lower()


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

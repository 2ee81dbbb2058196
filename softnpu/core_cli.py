"""`npuforge core FILE`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from softnpu.errors import EmulatorError, FormatError

if TYPE_CHECKING:
    import numpy as np

    from softnpu.core import Done

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]
    Array = np.ndarray[Any, Any]

_DESCRIPTION = """Calls one function on one core of an NPU, without an array around it: a unit test
of a kernel. FILE is assembly (.s), an object as Peano's clang writes it, or a linked ELF file. An
array goes into data memory and a pointer to it into p0, p1, and so on; a number into r0, r1, and
so on. Every --arg is one argument of the function, in its order."""

_EXAMPLES = """examples:
  npuforge core scale.o --entry scale --arg in:x.npy --arg out:int32:256:y.npy --arg 256
  npuforge core kernel.s --arg inout:x.npy --cycles
  npuforge core main_core_0_2.elf --entry softmax --arg in:x.npy --arg out:int8:64x64:y.npy
  npuforge core first.s --registers-to left.json         # two programs, one after the other:
  npuforge core second.s --registers-from left.json      # an NPU clears no register between them

An argument is in:FILE.npy (read), out:DTYPE:SHAPE:FILE.npy (zeros, written behind the call),
inout:FILE.npy (both) or a number; SHAPE is 4096 or 64x64.

What a register holds that the function reads and never sets: what --registers-from says, for all
others the byte of --unset. --registers-to writes what an NPU's next program would find (not what
the reset between two programs sets: control, status, lr, sp, the loop's); its file is JSON, such as
{"r29": "0x2ac1bf8e", "wl0": "0x0"}, and one by hand may name control registers too:
{"crRnd": 12}. Both options may name one file.
"""


def add_parser(subparsers: Subparsers) -> None:
    """Adds the `core` subcommand."""
    parser = subparsers.add_parser(
        "core",
        help="call one function of a kernel on one core",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="what holds the function")
    add_call(parser)
    parser.add_argument("--cycles", action="store_true", help="print the cycles that it took")
    parser.set_defaults(run=run)


def add_call(parser: argparse.ArgumentParser) -> None:
    """Adds what a function is called by."""
    parser.add_argument("--entry", metavar="NAME", help="the function (default: the only one)")
    parser.add_argument(
        "--device", default="npu1", choices=("npu1", "npu2"), help="whose core (default: npu1)"
    )
    parser.add_argument(
        "--arg", action="append", default=[], metavar="ARG", help="an argument (see below)"
    )
    parser.add_argument(
        "--at",
        action="append",
        default=[],
        type=_address,
        metavar="ADDRESS",
        help="where the first array lies, then the second, and so on, such as 0x70400: memory "
        "banks hold a kernel up as its design places them (default: one behind the other from "
        "0x40000)",
    )
    parser.add_argument("--limit", type=int, metavar="N", help="give up after so many cycles")
    parser.add_argument(
        "--unset",
        type=_byte,
        metavar="BYTE",
        help="what each byte of a register holds that nothing has set (default: 0xa5); where "
        "results differ between two of them, the function reads such a register",
    )
    parser.add_argument(
        "--registers-from",
        metavar="FILE",
        type=Path,
        help="begin with the registers in FILE, as --registers-to of the run before wrote them: an "
        "NPU clears none between programs",
    )
    parser.add_argument(
        "--registers-to",
        metavar="FILE",
        type=Path,
        help="write what the next program would find in the registers (JSON) to FILE",
    )


def _address(text: str) -> int:
    return int(text, 0)


def _byte(text: str) -> int:
    value = int(text, 0)
    if not 0 <= value <= 0xFF:
        raise argparse.ArgumentTypeError(f"{text} is no byte: expected 0 to 0xff")
    return value


def call(arguments: argparse.Namespace, *, profile: bool = False) -> Done:
    """Calls the function that `add_call`'s options tell, and writes its outputs."""
    from softnpu import core, core_registers
    from softnpu.emulator.aie2.machine import UNSET

    given = [argument(text) for text in arguments.arg]
    before = arguments.registers_from
    try:
        done = core.run(
            arguments.file,
            *(value for value, _ in given),
            entry=arguments.entry,
            device=arguments.device,
            limit=arguments.limit or core.LIMIT,
            profile=profile,
            unset=UNSET if arguments.unset is None else arguments.unset,
            registers=core_registers.read(before) if before else None,
            at=arguments.at,
        )
    except core.RegisterError as error:
        raise EmulatorError(f"{before}: {error}") from error
    write(done.arrays, given)
    if arguments.registers_to:
        core_registers.write(arguments.registers_to, done.registers)
    return done


def run(arguments: argparse.Namespace) -> int:
    """Calls the function and writes its outputs; gives the exit code."""
    done = call(arguments)
    if arguments.cycles:
        sys.stdout.write(f"{done.cycles} cycles\n")
        if done.stalls:
            sys.stdout.write(f"{done.stalls} of them stalls at memory banks\n")
    return 0


def write(arrays: Sequence[Array], given: Sequence[tuple[Array | int, Path | None]]) -> None:
    """Writes the arrays that came back to the files of the arguments that were given."""
    from softnpu.formats import npy

    targets = [target for value, target in given if not isinstance(value, int)]
    for array, target in zip(arrays, targets, strict=True):
        if target is not None:
            npy.write(target, array)


def argument(text: str) -> tuple[Array | int, Path | None]:
    """An argument's value and the file that takes its result; EmulatorError for other text."""
    import numpy as np

    from softnpu.formats import elements, npy

    kind, _, rest = text.partition(":")
    try:
        if not rest:
            return int(text, 0), None
        if kind in ("in", "inout"):
            return npy.read(Path(rest)), Path(rest) if kind == "inout" else None
        if kind == "out":
            dtype, shape, target = rest.split(":", 2)
            sizes = tuple(int(size) for size in shape.split("x"))
            return np.zeros(sizes, elements.dtype(dtype)), Path(target)
    except (FormatError, ValueError) as error:
        raise EmulatorError(f"--arg {text}: {error}") from error
    raise EmulatorError(
        f"--arg {text}: expected in:FILE.npy, out:DTYPE:SHAPE:FILE.npy, inout:FILE.npy or a number"
    )

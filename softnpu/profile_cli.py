"""`npuforge profile FILE`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from softnpu.core_cli import add_call, argument, call, write
from softnpu.emulator.naming.names import NAMES_FILE
from softnpu.errors import EmulatorError

if TYPE_CHECKING:
    from softnpu.core_cli import Array
    from softnpu.emulator.memory.host_memory import HostBuffer
    from softnpu.emulator.naming.names import Names
    from softnpu.emulator.profiling.profile import Profile

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_XCLBIN = b"xclbin2"

_DESCRIPTION = """Runs an artifact (final.xclbin and its insts.bin) on the emulated NPU, or one
function on one core (as `softnpu core`), and tells where the cycles go: by function, by line, by
what was waited for. Lines come from the debug information of a core's ELF file."""

_EXAMPLES = """examples:
  npuforge profile out/final.xclbin --arg in:a.npy --arg out:int32:4096:b.npy
  npuforge profile out/final.xclbin out/insts.bin --flame flame.json
  npuforge profile scale.o --entry scale --arg in:x.npy --arg out:int32:256:y.npy --arg 256

Arguments are written as for `softnpu core`, buffers in the kernel's order; without any, an artifact
gets buffers of zeros as the names.json beside it tells. speedscope and Perfetto open the flame
graph.
"""


def add_parser(subparsers: Subparsers) -> None:
    """Adds the `profile` subcommand."""
    parser = subparsers.add_parser(
        "profile",
        help="tell where the cycles of a run go",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="an xclbin, or assembly, an object or an ELF file"
    )
    parser.add_argument(
        "insts", metavar="INSTS", type=Path, nargs="?", help="default: insts.bin beside the xclbin"
    )
    add_call(parser)
    parser.add_argument("--flame", type=Path, metavar="FILE", help="write a flame graph")
    parser.add_argument(
        "--core-isa",
        choices=("rv32",),
        help="what the cores' programs are, for an xclbin that carries no mark",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Profiles one run; gives the exit code."""
    from softnpu.emulator.profiling.text import flame, text

    with options.file.open("rb") as file:
        is_xclbin = file.read(len(_XCLBIN)) == _XCLBIN
    profiles = _artifact(options) if is_xclbin else _core(options)
    sys.stdout.write(text(profiles) + "\n")
    if options.flame is not None:
        options.flame.write_text(json.dumps(flame(profiles)))
    return 0


def _core(options: argparse.Namespace) -> list[Profile]:
    done = call(options, profile=True)
    assert done.profile is not None
    return [done.profile]


def _zeros(file: Path, names: Names) -> list[tuple[Array | int, Path | None]]:
    """Buffers of zeros as an artifact's names tell; EmulatorError where they do not."""
    import numpy as np

    from softnpu.formats.elements import OF_MLIR, dtype

    if not names.arrays:
        raise EmulatorError(
            f"no {NAMES_FILE} beside {file} tells its buffers: give each of them by --arg, e.g. "
            "--arg in:a.npy or --arg out:int32:4096:b.npy"
        )
    given: list[tuple[Array | int, Path | None]] = []
    for index, array in sorted(names.arrays.items()):
        if array.element not in OF_MLIR:
            raise EmulatorError(
                f"argument {index} of {file} has elements of type {array.element}, of which no "
                "buffer can be made here: give each of its buffers by --arg"
            )
        given.append((np.zeros(array.shape, dtype(OF_MLIR[array.element])), None))
    return given


def _artifact(options: argparse.Namespace) -> list[Profile]:
    import numpy as np

    from softnpu.emulator.context import Context
    from softnpu.emulator.explaining.explain import explain
    from softnpu.emulator.naming.names import beside
    from softnpu.emulator.profiling.profile import of_array
    from softnpu.formats import xclbin

    names = beside(options.file)
    given = [argument(text) for text in options.arg] or _zeros(options.file, names)
    context = Context(
        xclbin.parse(options.file.read_bytes()), core_isa=options.core_isa, profile=True
    )
    buffers: list[HostBuffer] = []
    for value, _ in given:
        if isinstance(value, int):
            raise EmulatorError(f"--arg {value}: the arguments of an artifact are buffers")
        data = np.ascontiguousarray(value).tobytes()
        buffers.append(context.allocate(len(data), f"argument {len(buffers)}"))
        buffers[-1].data[:] = np.frombuffer(data, np.uint8)
    insts = options.insts or options.file.parent / "insts.bin"
    report = context.run(insts.read_bytes(), buffers)
    if not report.completed:
        raise EmulatorError(explain(report, names))
    arrays = [
        buffer.data.view(np.asarray(value).dtype).reshape(np.shape(value))
        for buffer, (value, _) in zip(buffers, given, strict=True)
    ]
    write(arrays, given)
    return of_array(report.array, names)

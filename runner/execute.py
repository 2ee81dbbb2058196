"""`npuforge exec`: executes an artifact that was built elsewhere."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from runner import file_arguments, npy
from runner.artifact import check_pair
from runner.errors import RunnerError
from runner.launch import EMULATOR, NPU, open_pair
from runner.session import TIMEOUT_MS
from runner.verdicts.degenerate import poisoned, untouched
from softnpu.warned import counted

Array = np.ndarray[Any, Any]


def add_parser(commands: Any) -> None:
    """Adds the sub-command `exec`."""
    parser = commands.add_parser(
        "exec",
        help="execute an xclbin with its insts.bin",
        description="Executes an artifact built elsewhere and writes its outputs.",
    )
    parser.add_argument("--xclbin", type=Path, required=True, metavar="FILE")
    parser.add_argument("--insts", type=Path, required=True, metavar="FILE")
    parser.add_argument(
        "--arg",
        action="append",
        default=[],
        dest="arguments",
        metavar="ARG",
        help=file_arguments.HELP,
    )
    parser.add_argument("--device", choices=(EMULATOR, NPU), default=EMULATOR)
    parser.add_argument(
        "--core-isa",
        choices=("rv32",),
        help="what the cores' programs are, for an xclbin that carries no mark (emulator only)",
    )
    parser.add_argument("--timeout", type=int, default=TIMEOUT_MS, metavar="MS")
    parser.add_argument(
        "--state",
        type=Path,
        metavar="FILE",
        help="where the emulator leaves what the array was at if the run hangs or faults, for"
        " `npuforge state FILE`",
    )
    parser.add_argument(
        "--any-pair",
        action="store_true",
        help="accept an xclbin and insts that a manifest.json beside them does not bind together",
    )
    parser.set_defaults(run=execute)


def execute(options: argparse.Namespace) -> int:
    """Runs the artifact once; returns the exit code."""
    for path in (options.xclbin, options.insts):
        if not path.is_file():
            raise RunnerError(f"{path} is no file")
    if options.core_isa and options.device != EMULATOR:
        raise RunnerError("--core-isa is for the emulator: an NPU runs its own code only")
    if options.state and options.device != EMULATOR:
        raise RunnerError("--state is for the emulator: nobody sees into an NPU")
    declaration = file_arguments.Wanted({})
    if not options.any_pair:
        manifest = check_pair(options.xclbin, options.insts)
        declaration = file_arguments.wanted(options.xclbin, manifest)
    files = file_arguments.read(options.arguments, declaration)
    opened = open_pair(
        options.xclbin,
        options.insts,
        [f.argument for f in files],
        options.device,
        core_isa=options.core_isa,
        state=options.state,
    )
    _warn((*(f.note for f in files if f.note), *opened.warnings))
    inputs = {f.argument.name: f.values for f in files if f.values is not None}
    try:
        outputs = opened.session.run(inputs, options.timeout)
    finally:
        sys.stderr.writelines(f"{line}\n" for line in opened.session.printed())
    try:
        written = opened.session.written()
        _warn((*opened.session.notes(), *_unwritten(files, outputs, written)))
    finally:
        opened.session.close()
    for file in files:
        if file.result is not None:
            npy.write(file.result, outputs[file.argument.name])
    return 0


def _warn(texts: Iterable[str]) -> None:
    for warning in counted(texts):
        sys.stderr.write(f"warning: {warning}\n")


def _unwritten(
    files: Iterable[file_arguments.FileArgument],
    outputs: Mapping[str, Array],
    written: Mapping[str, Array] | None,
) -> Iterator[str]:
    """Outputs, or parts of them, that the run left alone; an inout argument may keep what it held.

    Args:
        written: see `Runs.written`; without it only an output that is wholly as before shows.
    """
    for name in (f.argument.name for f in files if not f.argument.is_input):
        values = outputs[name]
        if written is None:
            missing = poisoned(values)
            missing &= missing.all()
        else:
            missing = untouched(written[name], values.itemsize)
        if missing.all():
            yield f"{name} was never written: its file holds what it held before the run"
        elif missing.any():
            first = int(np.flatnonzero(missing)[0])
            yield (
                f"{name}: {int(missing.sum())} of {values.size} elements were never written, the"
                f" first at {first}; they are as they were before the run"
            )

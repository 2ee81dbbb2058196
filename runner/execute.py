"""`python -m runner exec`: executes an artifact that was built elsewhere."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from runner.artifact import Argument, check_pair
from runner.dtypes import dtype
from runner.errors import RunnerError
from runner.launch import EMULATOR, NPU, open_pair
from runner.session import TIMEOUT_MS

Array = np.ndarray[Any, Any]

ARGUMENT_HELP = (
    "a host buffer, in the order of the kernel's arguments: in:FILE.npy,"
    " out:DTYPE:SHAPE:FILE.npy or inout:FILE.npy[:RESULT.npy]; SHAPE is 4096 or 64x64"
)


@dataclass(frozen=True)
class FileArgument:
    """An argument with the file that fills it and the file that takes its result."""

    argument: Argument
    values: Array | None
    result: Path | None


def parse_argument(text: str, name: str) -> FileArgument:
    """Reads one `--arg`.

    Raises:
        RunnerError: for a form that is not ARGUMENT_HELP's, or a file that cannot be read.
    """
    direction, _, rest = text.partition(":")
    if direction == "in" and rest:
        return _filled("in", name, Path(rest), None)
    if direction == "inout" and rest:
        source, _, result = rest.partition(":")
        return _filled("inout", name, Path(source), Path(result or source))
    parts = rest.split(":", 2)
    if direction == "out" and len(parts) == 3:
        kind, shape, result = parts
        return FileArgument(_declared(name, kind, shape, text), None, Path(result))
    raise RunnerError(f"--arg {text}: expected {ARGUMENT_HELP}")


def _filled(direction: str, name: str, source: Path, result: Path | None) -> FileArgument:
    try:
        values = np.load(source, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise RunnerError(f"{source} is no .npy file that can be read: {error}") from error
    if not isinstance(values, np.ndarray) or not values.size:
        raise RunnerError(f"{source} holds no array with elements")
    dtype(values.dtype.name)
    argument = Argument(name, direction, values.shape, values.dtype.name)
    return FileArgument(argument, values, result)


def _declared(name: str, kind: str, shape: str, text: str) -> Argument:
    dtype(kind)
    try:
        sizes = tuple(int(n) for n in shape.split("x"))
    except ValueError as error:
        raise RunnerError(f"--arg {text}: {shape!r} is no shape like 4096 or 64x64") from error
    if any(n < 1 for n in sizes):
        raise RunnerError(f"--arg {text}: every dimension must be at least 1")
    return Argument(name, "out", sizes, kind)


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
        "--arg", action="append", default=[], dest="arguments", metavar="ARG", help=ARGUMENT_HELP
    )
    parser.add_argument("--device", choices=(EMULATOR, NPU), default=EMULATOR)
    parser.add_argument(
        "--core-isa",
        choices=("rv32",),
        help="what the cores' programs are, for an xclbin that carries no mark (emulator only)",
    )
    parser.add_argument("--timeout", type=int, default=TIMEOUT_MS, metavar="MS")
    parser.add_argument(
        "--any-pair",
        action="store_true",
        help="accept an xclbin and insts that a manifest.json beside them does not bind together",
    )
    parser.set_defaults(run=execute)


def execute(options: argparse.Namespace) -> int:
    """Runs the artifact once; returns the exit code."""
    files = [parse_argument(text, f"bo{i}") for i, text in enumerate(options.arguments)]
    for path in (options.xclbin, options.insts):
        if not path.is_file():
            raise RunnerError(f"{path} is no file")
    if options.core_isa and options.device != EMULATOR:
        raise RunnerError("--core-isa is for the emulator: an NPU runs its own code only")
    if not options.any_pair:
        check_pair(options.xclbin, options.insts)
    opened = open_pair(
        options.xclbin,
        options.insts,
        [f.argument for f in files],
        options.device,
        core_isa=options.core_isa,
    )
    for warning in opened.warnings:
        sys.stderr.write(f"warning: {warning}\n")
    inputs = {f.argument.name: f.values for f in files if f.values is not None}
    try:
        outputs = opened.session.run(inputs, options.timeout)
    finally:
        opened.session.close()
    for file in files:
        if file.result is not None:
            _save(file.result, outputs[file.argument.name])
    return 0


def _save(path: Path, values: Array) -> None:
    try:
        np.save(path, values)
    except OSError as error:
        raise RunnerError(f"{path} cannot be written: {error.strerror}") from error

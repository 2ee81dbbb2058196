"""The host buffers of `npuforge exec`: files by their `--arg`, held to what the artifact declares.

A file's numbers are never taken as of another type: what differs is refused, or converted where
`--arg` asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from runner import npy
from runner.artifact import Argument, declared
from runner.dtypes import NAMES, OF_MLIR, dtype
from runner.errors import RunnerError
from runner.fitting import same_order
from softnpu.emulator.naming import names
from softnpu.errors import SoftnpuError
from softnpu.formats.npy import told
from softnpu.formats.xclbin.spec import FIRST_BUFFER_ARGUMENT

Array = np.ndarray[Any, Any]

FORMS = (
    "in[:DTYPE]:FILE.npy, out:DTYPE:SHAPE:FILE.npy or inout[:DTYPE]:FILE.npy[:RESULT.npy]; SHAPE is"
    " 4096 or 64x64"
)

HELP = f"""a host buffer, in the order of the kernel's arguments: {FORMS}. DTYPE is one of
{", ".join(NAMES)}. With in and inout it says what the buffer holds: values of another type are
converted, elements of which the file does not tell the type (as numpy.save leaves bfloat16) are
taken as that. A file written for out:bfloat16 names its type: read it with numpy.load after import
ml_dtypes, or hand it back to --arg in."""


@dataclass(frozen=True)
class FileArgument:
    """An argument with what fills it and the file that takes its result.

    Attributes:
        note: what is worth saying of how its file was read.
    """

    argument: Argument
    values: Array | None
    result: Path | None
    note: str = ""


@dataclass(frozen=True)
class Wanted:
    """What an artifact declares of its host buffers.

    Attributes:
        arguments: by index, of those that are known.
        source: the file that says so.
    """

    arguments: Mapping[int, Argument]
    source: str = ""


def wanted(xclbin: Path, manifest: Path | None) -> Wanted:
    """What the manifest declares, else the names beside the xclbin.

    Args:
        manifest: the one that binds the pair of files, if any.

    Raises:
        RunnerError: the names cannot be understood.
    """
    if manifest is not None and (found := declared(manifest)):
        return Wanted(dict(enumerate(found)), manifest.name)
    try:
        known = names.beside(xclbin)
    except SoftnpuError as error:
        raise RunnerError(str(error)) from error
    return Wanted(
        {
            index: Argument(known.arguments[index], "inout", array.shape, OF_MLIR[array.element])
            for index, array in known.arrays.items()
            if array.element in OF_MLIR
        },
        names.NAMES_FILE,
    )


def read(texts: Sequence[str], declaration: Wanted) -> list[FileArgument]:
    """Reads every `--arg`.

    Raises:
        RunnerError: a form that is not one of FORMS, a file that cannot be read, or what the
            artifact does not take.
    """
    return [_read(_parsed(text), index, declaration) for index, text in enumerate(texts)]


@dataclass(frozen=True)
class _Request:
    """One `--arg` in parts.

    Attributes:
        kind: the DTYPE, None where the file tells.
        shape: of an output.
    """

    text: str
    direction: str
    kind: str | None
    source: Path | None
    shape: tuple[int, ...] = ()
    result: Path | None = None


def _parsed(text: str) -> _Request:
    direction, _, rest = text.partition(":")
    if direction in ("in", "inout"):
        first, colon, behind = rest.partition(":")
        kind = first if colon and first in NAMES else None
        is_file = Path(first).suffix or Path(first).exists() or Path(rest).exists()
        if colon and not is_file:
            dtype(first)  # raises for what is meant as a type
        files = behind if kind else rest
        if direction == "inout" and files:
            source, _, result = files.partition(":")
            return _Request(text, direction, kind, Path(source), result=_target(result or source))
        if files:
            return _Request(text, direction, kind, Path(files))
    parts = rest.split(":", 2)
    if direction == "out" and len(parts) == 3 and parts[2]:
        kind, shape, result = parts
        dtype(kind)
        return _Request(text, "out", kind, None, _shape(text, shape), _target(result))
    raise RunnerError(f"--arg {text}: expected {FORMS}")


def _target(name: str) -> Path:
    """The file of a result; told before the run if it has no folder."""
    path = Path(name)
    if not path.parent.is_dir():
        raise RunnerError(f"{path} cannot be written: {path.parent} is no folder")
    return path


def _shape(text: str, shape: str) -> tuple[int, ...]:
    try:
        sizes = tuple(int(n) for n in shape.split("x"))
    except ValueError as error:
        raise RunnerError(f"--arg {text}: {shape!r} is no shape like 4096 or 64x64") from error
    if any(n < 1 for n in sizes):
        raise RunnerError(f"--arg {text}: every dimension must be at least 1")
    return sizes


def _read(request: _Request, index: int, declaration: Wanted) -> FileArgument:
    meant = declaration.arguments.get(index)
    name = meant.name if meant is not None else f"bo{index}"
    values, note = None, ""
    if request.source is None:
        assert request.kind is not None
        argument = Argument(name, request.direction, request.shape, request.kind)
        given = f"--arg says {argument.told}"
    else:
        values = npy.read(request.source)
        kind = _kind(request, values, meant)
        argument = Argument(name, request.direction, values.shape, kind)
        given = f"{request.source} holds {told(values)}"
        if request.kind is None and not npy.is_typed(values):
            note = f"{request.source} does not tell its elements' type: taken as {kind}"
    if meant is not None and not _fits(argument, meant):
        number = FIRST_BUFFER_ARGUMENT + index
        raise RunnerError(
            f"argument {number} ({name}) is {meant.told} by {declaration.source}; {given}"
            f"{_how_it_fits(argument, meant, request)}"
        )
    return FileArgument(argument, _of_kind(request, values, argument), request.result, note)


def _fits(argument: Argument, meant: Argument) -> bool:
    return argument.dtype == meant.dtype and same_order(argument.shape, meant.shape)


def _kind(request: _Request, values: Array, meant: Argument | None) -> str:
    """The element type that a file is read as, or what it has instead of one that fits."""
    if request.kind is not None:
        return request.kind
    if npy.is_typed(values):
        return str(values.dtype.name)
    if meant is not None and meant.kind.itemsize == values.dtype.itemsize:
        return meant.dtype
    if meant is not None:
        return str(values.dtype.name)
    raise RunnerError(
        f"{request.source} holds {told(values)}, as numpy.save leaves bfloat16: say which, "
        f"--arg {request.direction}:DTYPE:{request.source}"
    )


def _how_it_fits(argument: Argument, meant: Argument, request: _Request) -> str:
    """What to do about a file whose type alone is another one; "" for anything else."""
    untold = request.source is not None and request.kind is None
    if argument.dtype not in NAMES:
        return ""
    if not (untold and same_order(argument.shape, meant.shape)):
        return "" if untold or request.source is None else f", to be {argument.dtype}"
    _, _, files = request.text.partition(":")
    return f"; to convert it, say --arg {request.direction}:{meant.dtype}:{files}"


def _of_kind(request: _Request, values: Array | None, argument: Argument) -> Array | None:
    """A file's values in the argument's type."""
    if values is None or values.dtype == argument.kind:
        return values
    try:
        if npy.is_typed(values):
            return npy.converted(values, argument.dtype)
        return npy.typed(values, argument.dtype)
    except RunnerError as error:
        raise RunnerError(f"{request.source}: {error}") from error

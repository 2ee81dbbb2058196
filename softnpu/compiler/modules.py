"""Designs between two stages: MLIR text, and beside it the places that its ops came from.

Text alone would make a later stage's messages point into a generated file. The places stand in a
file of their own, so that the text of a design changes only with what it says.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from xdsl.dialects.builtin import LocationAttr, ModuleOp, UnknownLoc
from xdsl.ir import Operation

from softnpu.collecting import uncollected
from softnpu.dialects import text
from softnpu.dialects.kinds import kinds_remembered
from softnpu.dialects.locations import at, located, origin_of, place_of
from softnpu.dialects.text import parse_file, print_module
from softnpu.dialects.walking import all_ops
from softnpu.errors import DesignError, SourceLocation
from softnpu.passes.rewriting.rest import rest_remembered

PLACES_SUFFIX = ".places.json"


@contextmanager
def in_one_go() -> Iterator[None]:
    """Where a design is read, lowered and written out: what is found out of kinds of ops is kept,
    and Python looks for no garbage."""
    with uncollected(), kinds_remembered(), rest_remembered():
        yield


def verify(
    module: ModuleOp, hints: Iterable[str] = (), closed: tuple[type[Operation], ...] = ()
) -> None:
    """Refuses what aie-opt's own verifier refuses between passes, and says what may be behind it.

    Args:
        closed: classes of ops in which nothing has changed since they were checked.

    Raises:
        DesignError: with `hints` as further notes.
    """
    try:
        text.verify(module, closed)
    except DesignError as error:
        raise DesignError(error.message, error.location, (*error.notes, *hints)) from error


def write_module(path: Path, module: ModuleOp) -> None:
    """Write a design's text to `path`, as aie-opt prints it, and its places beside it."""
    path.write_text(print_module(module), encoding="utf-8")
    write_places(path, module)


def write_places(path: Path, module: ModuleOp) -> None:
    """Write the places of the ops in `path`, which holds the module's text, beside it."""
    places_file(path).write_text(json.dumps(_places(module)) + "\n", encoding="utf-8")


def read_module(path: Path) -> ModuleOp:
    """Read what `write_module` wrote; its ops stand where they came from, if that is known.

    Raises:
        DesignError: no such file, or no MLIR.
    """
    module = parse_file(path, check=False)
    try:
        known = json.loads(places_file(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return module
    ops = all_ops(module)
    if len(ops) == len(known["ops"]):
        for op, place in zip(ops, known["ops"], strict=True):
            op.location = _location(known["files"], place)
    return module


def places_file(path: Path) -> Path:
    """Where the places of the ops in `path` are kept."""
    return path.with_name(path.name + PLACES_SUFFIX)


def _places(module: ModuleOp) -> dict[str, Any]:
    """For each op, in the order of the text, where it stands and what it comes from, or null.

    Each is file, line, column, and what is not known is left out; files by number.
    """
    files: dict[str, int] = {}
    ops = [_place(op, files) for op in all_ops(module)]
    return {"files": list(files), "ops": ops}


def _place(op: Operation, files: dict[str, int]) -> list[int] | None:
    known = [place_of(op.location), origin_of(op.location)]
    numbers = [number for place in known if place for number in _numbers(place, files)]
    return numbers or None


def _numbers(place: SourceLocation, files: dict[str, int]) -> tuple[int, int, int]:
    return files.setdefault(str(place.file), len(files)), place.line, place.column


def _location(files: list[str], numbers: list[int] | None) -> LocationAttr:
    if numbers is None:
        return UnknownLoc()
    file, line, column, *origin = numbers
    place = at(SourceLocation(Path(files[file]), line, column))
    return located(place, _location(files, origin) if origin else None)

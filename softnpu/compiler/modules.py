"""Designs between two stages: MLIR text, and beside it the places that its ops came from.

Text alone would make a later stage's messages point into a generated file. The places stand in a
file of their own, so that the text of a design changes only with what it says.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from xdsl.dialects.builtin import (
    FileLineColLoc,
    IntAttr,
    LocationAttr,
    ModuleOp,
    StringAttr,
    UnknownLoc,
)
from xdsl.ir import Operation

from softnpu.dialects.source import parse_file, print_module

PLACES_SUFFIX = ".places.json"


def write_module(path: Path, module: ModuleOp) -> None:
    """Write a design's text to `path`, as aie-opt prints it, and its places beside it."""
    path.write_text(print_module(module), encoding="utf-8")
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
    ops = list(module.walk())
    if len(ops) == len(known["ops"]):
        for op, place in zip(ops, known["ops"], strict=True):
            op.location = _location(known["files"], place)
    return module


def places_file(path: Path) -> Path:
    """Where the places of the ops in `path` are kept."""
    return path.with_name(path.name + PLACES_SUFFIX)


def _places(module: ModuleOp) -> dict[str, Any]:
    """For each op, in the order of the text, [file, line, column] or null; files by number."""
    files: dict[str, int] = {}
    ops = [_place(op, files) for op in module.walk()]
    return {"files": list(files), "ops": ops}


def _place(op: Operation, files: dict[str, int]) -> list[int] | None:
    location = op.location
    if not isinstance(location, FileLineColLoc):
        return None
    file = files.setdefault(location.filename.data, len(files))
    return [file, location.line.data, location.column.data]


def _location(files: list[str], place: list[int] | None) -> LocationAttr:
    if place is None:
        return UnknownLoc()
    file, line, column = place
    return FileLineColLoc(StringAttr(files[file]), IntAttr(line), IntAttr(column))

"""The sizes of what a design's objectfifos carry to the host, from the names beside an artifact."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from runner.verdicts.where import Unit

NAMES = "names.json"
_BUFFER = re.compile(r"(?P<fifo>\w+?)(?:_cons|_prod)?_buff_\d+")
"""A fifo's buffers, as the objectfifo lowering names them."""


def output_objects(folder: Path) -> tuple[Unit, ...]:
    """What leaves the array, by fifo, in bytes: first the fifos that reach the host themselves.

    A fifo that a memory tile gathers from several ends there under another name; those of the
    same size are told as one.
    """
    path = folder / NAMES
    if not path.is_file():
        return ()
    names: dict[str, Any] = json.loads(path.read_text())
    to_host = {c["name"] for c in names["channels"] if c["direction"] == "S2MM"}
    to_array = {c["name"] for c in names["channels"] if c["direction"] == "MM2S"}
    sizes: dict[int, list[str]] = {}
    for fifo, size in sorted(_fifos(names["buffers"]), key=lambda f: f[0] not in to_host):
        if fifo not in to_array and fifo not in sizes.setdefault(size, []):
            sizes[size].append(fifo)
    return tuple(Unit(_name(fifos), size) for size, fifos in sizes.items() if fifos)


def _fifos(buffers: Sequence[dict[str, Any]]) -> Iterator[tuple[str, int]]:
    for buffer in buffers:
        if found := _BUFFER.fullmatch(buffer["name"]):
            yield found["fifo"], int(buffer["size"])


def _name(fifos: Sequence[str]) -> str:
    return f"object of {fifos[0]}" + (f" and {len(fifos) - 1} more fifos" if fifos[1:] else "")


def in_elements(objects: Sequence[Unit], itemsize: int) -> list[Unit]:
    """Sizes in elements of an output, without those that are no whole number of them."""
    return [Unit(u.name, u.size // itemsize) for u in objects if u.size % itemsize == 0]

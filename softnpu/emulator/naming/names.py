"""The author's names for what the array holds, from a file beside the artifact.

An xclbin knows tiles and registers only. A build can put a `names.json` next to it, so that reports
speak of objectfifos, buffers and source lines:

    {"locks":     [{"tile": [0, 2], "id": 1, "name": "in_cons_cons_lock_0", "objectfifo": "in"}],
     "buffers":   [{"tile": [0, 2], "address": 1024, "size": 512, "name": "in_cons_buff_0",
                    "element": "i32"}],
     "channels":  [{"tile": [0, 0], "direction": "MM2S", "channel": 0, "name": "in"}],
     "cores":     [{"tile": [0, 2], "elf": "main_core_0_2.elf", "stack": 1024,
                    "body": {"file": "main_core_0_2.c", "lines": {"9": "design.mlir:14"}}}],
     "arguments": [{"index": 0, "name": "a", "shape": [64, 64], "element": "bf16"}],
     "pdis":      [{"id": 2, "locks": […], "buffers": […], "channels": […], "cores": […]}]}

Every list may be missing. An xclbin of several PDIs has the names of each in "pdis", by the id that
`load_pdi` gives; without them, all have the same. A buffer that the cores of several tiles share
has them in "cores": [[0, 2], [0, 3]]. Buffer addresses count from the tile's memory; an ELF file's
path is relative to the names file. A core's "stack" is its size in bytes, and its "body" says what
the generated C file is there for: from its line 9 on, line 14 of the design, up to the next line
that is named.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from softnpu.emulator.naming.source_lines import GeneratedFile, SourceLines
from softnpu.errors import MALFORMED_JSON, FormatError, in_short

_log = logging.getLogger("softnpu.names")

NAMES_FILE = "names.json"

Place = tuple[int, int]

_LOCK_NAME = re.compile(r"(?P<fifo>.+?)(_\d+)?(_cons)?_(prod|cons)_lock(_\d+)?$")
"""How mlir-aie names the locks of an objectfifo."""


@dataclass(frozen=True)
class Buffer:
    """A named part of a tile's memory.

    Attributes:
        cores: the tiles whose cores use it, if others than its own are among them.
        element: MLIR's name of what it holds, "" if unknown.
    """

    address: int
    size: int
    name: str
    cores: tuple[Place, ...] = ()
    element: str = ""


@dataclass(frozen=True)
class HostArray:
    """What a host buffer holds: the shape and MLIR's name of the element type."""

    shape: tuple[int, ...]
    element: str


@dataclass(frozen=True)
class Names:
    """Names by place; what has none is called by tile and number.

    Attributes:
        locks: (tile, lock) -> (name, objectfifo or "").
        buffers: tile -> its named buffers.
        channels: (tile, direction, channel) -> name.
        programs: tile -> source lines of the core's program.
        stacks: tile -> bytes of the core's stack, where that is known.
        arguments: index -> name.
        arrays: index of an argument -> what it holds, where that is known.
        pdis: the id of a PDI -> the names of what it configures.
    """

    locks: Mapping[tuple[Place, int], tuple[str, str]] = field(default_factory=dict)
    buffers: Mapping[Place, tuple[Buffer, ...]] = field(default_factory=dict)
    channels: Mapping[tuple[Place, str, int], str] = field(default_factory=dict)
    programs: Mapping[Place, SourceLines] = field(default_factory=dict)
    stacks: Mapping[Place, int] = field(default_factory=dict)
    arguments: Mapping[int, str] = field(default_factory=dict)
    arrays: Mapping[int, HostArray] = field(default_factory=dict)
    pdis: Mapping[int, Names] = field(default_factory=dict)

    def of(self, pdi: int) -> Names:
        """The names that hold while the PDI with this id is loaded."""
        if not self.pdis:
            return self
        return self.pdis.get(pdi) or Names(arguments=self.arguments)

    def lock(self, tile: Place, index: int) -> str:
        """E.g. "lock in_cons_cons_lock_0 (lock 1 of tile (0,2), objectfifo in)"."""
        where = f"lock {index} of tile ({tile[0]},{tile[1]})"
        name, fifo = self.locks.get((tile, index), ("", ""))
        if not name:
            return where
        return f"lock {name} ({where}{f', objectfifo {fifo}' if fifo else ''})"

    def channel(self, tile: Place, direction: str, number: int) -> str:
        """E.g. "tile (0,0) MM2S 0 [in]"."""
        name = self.channels.get((tile, direction, number))
        where = f"tile ({tile[0]},{tile[1]}) {direction} {number}"
        return f"{where} [{name}]" if name else where

    def buffer(self, tile: Place, address: int) -> str | None:
        """The buffer that holds byte `address` of the tile's memory, None if none does."""
        found = self.buffer_at(tile, address)
        return None if found is None else found.name

    def buffer_at(self, tile: Place, address: int) -> Buffer | None:
        """As `buffer`, with all that is known of it."""
        for buffer in self.buffers.get(tile, ()):
            if buffer.address <= address < buffer.address + buffer.size:
                return buffer
        return None

    def source(self, tile: Place, pc: int) -> str | None:
        """Where the program of a core is at `pc`, e.g. "scale (scale.c:14)"; None if unknown."""
        program = self.programs.get(tile)
        return None if program is None else program.describe(pc)

    def line(self, tile: Place, pc: int) -> str:
        """The author's line at `pc` of a core's program, e.g. "scale.c:14"; "" if unknown."""
        program = self.programs.get(tile)
        return "" if program is None else program.place(pc)


def objectfifo_of(lock_name: str) -> str:
    """The objectfifo that a lock's name tells, "" if it does not look like one's lock."""
    match = _LOCK_NAME.match(lock_name)
    return match["fifo"] if match else ""


def beside(artifact: Path) -> Names:
    """The names beside an artifact; none when there is no names file.

    Raises:
        FormatError: the names file cannot be understood.
    """
    path = artifact.parent / NAMES_FILE
    return load(path) if path.is_file() else Names()


def understood(artifact: Path) -> Names:
    """As `beside`; of a file that cannot be understood a warning, and no names."""
    try:
        return beside(artifact)
    except FormatError as error:
        _log.warning("%s; what is told has no names of the design", error)
        return Names()


def load(path: Path) -> Names:
    """The names in a file; FormatError if it cannot be understood."""
    try:
        data = json.loads(path.read_text())
        return _read(data, path.parent)
    except MALFORMED_JSON as error:
        raise FormatError(f"{path}: not a names file: {in_short(error)}") from error


def _read(data: dict[str, Any], folder: Path) -> Names:
    arguments = {e["index"]: e["name"] for e in data.get("arguments", ())}
    named = _of_array(data, folder, arguments)
    pdis = {e["id"]: _of_array(e, folder, arguments) for e in data.get("pdis", ())}
    return replace(named, pdis=pdis, arrays=dict(_arrays(data)))


def _arrays(data: dict[str, Any]) -> Iterator[tuple[int, HostArray]]:
    for entry in data.get("arguments", ()):
        if "element" in entry:
            shape = tuple(int(size) for size in entry["shape"])
            yield entry["index"], HostArray(shape, str(entry["element"]))


def _of_array(data: dict[str, Any], folder: Path, arguments: dict[int, str]) -> Names:
    buffers: dict[Place, list[Buffer]] = {}
    for entry in data.get("buffers", ()):
        cores = tuple((int(col), int(row)) for col, row in entry.get("cores", ()))
        element = str(entry.get("element", ""))
        made = Buffer(entry["address"], entry["size"], entry["name"], cores, element)
        buffers.setdefault(_place(entry), []).append(made)
    return Names(
        locks={
            (_place(e), e["id"]): (e["name"], e.get("objectfifo") or objectfifo_of(e["name"]))
            for e in data.get("locks", ())
        },
        buffers={tile: tuple(entries) for tile, entries in buffers.items()},
        channels={
            (_place(e), e["direction"], e["channel"]): e["name"] for e in data.get("channels", ())
        },
        programs={_place(e): _program(e, folder) for e in data.get("cores", ())},
        stacks={_place(e): int(e["stack"]) for e in data.get("cores", ()) if "stack" in e},
        arguments=arguments,
    )


def _program(entry: dict[str, Any], folder: Path) -> SourceLines:
    body = entry.get("body", {})
    lines = {int(number): str(place) for number, place in body.get("lines", {}).items()}
    return SourceLines(folder / entry["elf"], GeneratedFile(body.get("file", ""), lines))


def _place(entry: dict[str, Any]) -> Place:
    col, row = entry["tile"]
    return int(col), int(row)

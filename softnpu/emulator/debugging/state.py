"""The state of an array in a file: buffers, locks, DMA channels and cores at one moment.

A zip of `state.json` and an .npy file for each buffer of the design and of the host, as it is left
beside an artifact by a hang or a fault, and by the debugger's `save`.
"""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from softnpu.emulator import waits
from softnpu.emulator.debugging.values import elements
from softnpu.emulator.debugging.view import CoreView, buffers, symbols_of
from softnpu.emulator.explaining.explain import explain
from softnpu.emulator.explaining.wording import Step, Wording
from softnpu.errors import MALFORMED_JSON, EmulatorError, FormatError, in_short
from softnpu.formats import npy

if TYPE_CHECKING:
    from softnpu.emulator.array.array import Array
    from softnpu.emulator.dma.channels import Channel
    from softnpu.emulator.explaining.report import RunReport
    from softnpu.emulator.memory.host_memory import HostBuffer
    from softnpu.emulator.memory.locks import Lock
    from softnpu.emulator.naming.names import Names

STATE = "state.json"
_VERSION = 1
_ONLY_SCALARS = 64
"""Bits of the widest register that is a number in the file; vectors are hexadecimal text."""

Values = np.ndarray[Any, Any]


@dataclass(frozen=True)
class State:
    """A state file that was read.

    Attributes:
        told: state.json.
        arrays: by the name of the file in the archive.
    """

    told: dict[str, Any]
    arrays: dict[str, Values]


def save(path: Path, array: Array, names: Names, report: RunReport | None = None) -> None:
    """Writes the state of an array.

    Args:
        report: of the run that has ended so, whose buffers of the host are kept as well.

    Raises:
        EmulatorError: the file cannot be written.
    """
    arrays = dict(_device_buffers(array, names))
    arguments = [] if report is None else list(_arguments(report, names))
    told = {
        "version": _VERSION,
        "device": array.device.name,
        "pdi": array.pdi,
        "cores hold": array.core_isa or array.device.generation,
        "outcome": "stopped" if report is None else report.outcome.value,
        "explanation": [] if report is None else explain(report, names).splitlines(),
        "cores": list(_cores(array, names)),
        "locks": list(_locks(array, names)),
        "channels": list(_channels(array, names)),
        "buffers": [one for one, _ in arrays.values()],
        "arguments": [one for one, _ in arguments],
    }
    files = {one["file"]: values for one, values in (*arrays.values(), *arguments)}
    try:
        _write(path, told, files)
    except OSError as error:
        raise EmulatorError(f"{path} cannot be written: {error.strerror}") from error


def _write(path: Path, told: dict[str, Any], files: dict[str, Values]) -> None:
    scratch = path.with_name(f"{path.name}.{os.getpid()}.new")
    with (
        tempfile.TemporaryDirectory() as folder,
        zipfile.ZipFile(scratch, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        archive.writestr(STATE, json.dumps(told, indent=1, ensure_ascii=False))
        file = Path(folder) / "array.npy"
        for name, values in files.items():
            npy.write(file, values)
            archive.write(file, name)
    scratch.replace(path)


def read(path: Path) -> State:
    """The state in a file.

    Raises:
        FormatError: it is no state file.
    """
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
            told = json.loads(archive.read(STATE))
            if told["version"] != _VERSION:
                raise FormatError(
                    f"{path}: a state file of version {told['version']}, not {_VERSION}"
                )
            arrays = {}
            for one in (*told["buffers"], *told["arguments"]):
                archive.extract(one["file"], folder)
                arrays[one["file"]] = npy.read(Path(folder) / one["file"])
    except (OSError, zipfile.BadZipFile, *MALFORMED_JSON) as error:
        raise FormatError(f"{path} is no state file of a run: {in_short(error)}") from error
    return State(told, arrays)


def _device_buffers(array: Array, names: Names) -> Iterator[tuple[str, tuple[Any, Values]]]:
    for one in buffers(array, names):
        col, row = one.tile
        file = f"buffers/{one.buffer.name}_{col}_{row}.npy"
        told = {
            "name": one.buffer.name,
            "tile": [col, row],
            "address": one.buffer.address,
            "element": one.buffer.element,
            "count": len(one.values),
            "file": file,
        }
        yield file, (told, one.values)


def _arguments(report: RunReport, names: Names) -> Iterator[tuple[Any, Values]]:
    """The host's buffers as DMAs have left them."""
    for index, use in enumerate(report.arguments):
        buffer: HostBuffer = use.buffer
        holds = names.arrays.get(index)
        values = elements(buffer.data, holds.element if holds else "")
        if holds is not None and values.size == np.prod(holds.shape, dtype=np.int64):
            values = values.reshape(holds.shape)
        file = f"arguments/{index}.npy"
        yield (
            {
                "name": names.arguments.get(index, f"argument {index}"),
                "element": holds.element if holds else "",
                "count": int(values.size),
                "bytes read": use.read,
                "bytes written": use.written,
                "file": file,
            },
            values,
        )


def _cores(array: Array, names: Names) -> Iterator[dict[str, Any]]:
    known: dict[Path, Any] = {}
    wording = Wording(names.of(array.pdi))
    for core in array.cores():
        if not array.core_tile(*core.tile).program.any():
            continue
        symbols = symbols_of(names.of(array.pdi), core.tile, known)
        view = CoreView(core, array, names, symbols)
        frames = view.frames()
        wait = core.wait()
        yield {
            "tile": list(core.tile),
            "cycles": core.clock,
            "pc": view.pc,
            "functions": [view.told(frame) for frame in frames],
            "state": "" if wait is None else wording.step(Step(wait)),
            "registers": {
                name: value if value < 1 << _ONLY_SCALARS else f"{value:#x}"
                for name, value in view.named_registers().items()
            },
        }


def _locks(array: Array, names: Names) -> Iterator[dict[str, Any]]:
    named = names.of(array.pdi).locks
    for tile in array.tiles.values():
        for lock in tile.locks:
            name, fifo = named.get((lock.tile, lock.index), ("", ""))
            if name or lock.value or lock.waiters:
                yield {
                    "tile": list(lock.tile),
                    "id": lock.index,
                    "name": name,
                    "objectfifo": fifo,
                    "value": lock.value,
                    "waiters": [actor.place for actor, _ in lock.waiters],
                }


def _channels(array: Array, names: Names) -> Iterator[dict[str, Any]]:
    wording = Wording(names.of(array.pdi))
    named = names.of(array.pdi).channels
    for channel in array.channels():
        wait = channel.wait()
        if not channel.counts.given and isinstance(wait, waits.NoTask | None):
            continue
        yield {
            "tile": list(channel.tile),
            "direction": channel.direction.name,
            "channel": channel.number,
            "name": named.get((channel.tile, channel.direction.name, channel.number), ""),
            "state": "" if wait is None else wording.step(Step(wait)),
            "tasks given": channel.counts.given,
            "tasks done": channel.counts.tasks,
            "tasks queued": len(channel.queue),
            "words moved": channel.counts.words,
            "descriptor": _descriptor(channel, names.of(array.pdi)),
        }


def _descriptor(channel: Channel, names: Names) -> dict[str, Any] | None:
    one = channel.descriptor
    if one is None:
        return None

    def lock(found: Lock | None, value: int) -> str:
        return "" if found is None else f"{names.lock(found.tile, found.index)} by {value}"

    return {
        "number": one.number,
        "base": one.base,
        "words": one.pattern.length,
        "words done": channel.position,
        "acquires": lock(one.acquire, one.acquire_value),
        "holds it": channel.acquired,
        "releases": lock(one.release, one.release_value),
        "next": one.next,
    }

"""The configured array as a report: tile by tile, then route by route."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from softnpu.arch.address import MOST_COLUMNS
from softnpu.emulator.naming.names import Names, beside
from softnpu.errors import FormatError
from softnpu.formats import cdo, dpu, elf, pdi, txn, xclbin
from softnpu.formats.identify import FileKind, as_binary, identify
from softnpu.formats.operations import Operation
from softnpu.inspect import pdi_names
from softnpu.inspect.array import ConfiguredArray, of_operations
from softnpu.inspect.files import read
from softnpu.inspect.labels import Labels
from softnpu.inspect.pdis import ConfiguredPdi, PdiArrays, of_xclbin
from softnpu.inspect.report import Report, Row, plural, size
from softnpu.inspect.tile import Descriptor, Route, Task, Tile

_SHOWN_TASKS = 8


def array_report(
    paths: Sequence[Path], names: Names | None = None, pdi_number: int | None = None
) -> Report:
    """The array that files configure, one after the other.

    Args:
        paths: an xclbin, a PDI or CDO files (elfs, init, enable); an instruction stream behind
            them adds what a run does to the shim tiles. An xclbin with several PDIs has an array
            for each.
        names: of the design's buffers, locks and channels; those beside the first file if None.
        pdi_number: the one PDI to show (see `pdi_names.numbers`).

    Raises:
        FormatError: a file that configures nothing, or a damaged one; no PDI of that number.
    """
    title = ", ".join(map(str, paths))
    first, *others = paths
    parsed = _several_pdis(first, pdi_number)
    if parsed is None:
        return _one_array(paths, title, names or beside(first))
    sequence = [operation for path in others for operation in _stream(path)]
    with _about(title):
        found = of_xclbin(parsed, sequence, beside=first, names=names, number=pdi_number)
        return describe_arrays(found, title)


@contextmanager
def _about(what: Path | str) -> Iterator[None]:
    """An error in here names what it is about."""
    try:
        yield
    except FormatError as error:
        raise FormatError(f"{what}: {error}") from error


def _several_pdis(path: Path, number: int | None) -> xclbin.Xclbin | None:
    """The xclbin, if it has several PDIs; FormatError if it has none of that number."""
    data = read(path)
    with _about(path):
        if identify(data) is not FileKind.XCLBIN:
            if number is not None:
                raise FormatError("this is no xclbin, so it has no PDIs to choose from")
            return None
        parsed = xclbin.parse(data)
        if number is not None:
            devices = pdi_names.devices(parsed.partition, path)
            pdi_names.position(parsed.partition, number, devices)
        return parsed if len(parsed.partition.pdis) > 1 else None


def _stream(path: Path) -> tuple[Operation, ...]:
    """What runs on an xclbin with several PDIs: from an instruction stream alone."""
    data = read(path)
    with _about(path):
        kind = identify(data)
        if kind not in _STREAMS:
            raise FormatError(
                f"this is {kind.value}; behind an xclbin with several PDIs an instruction stream is"
                " expected"
            )
        return _STREAMS[kind](data)[0]


def _one_array(paths: Sequence[Path], title: str, names: Names) -> Report:
    operations: list[Operation] = []
    columns: int | None = None
    for path in paths:
        with _about(path):
            found, wide = configuration(read(path))
        operations += found
        columns = wide or columns
    with _about(title):
        report = describe_array(of_operations(operations, columns), names)
    report.title = f"{title}: {report.title}"
    return report


def configuration(data: bytes) -> Configuration:
    """The operations in a file and the columns of its array, None where it does not say."""
    kind = identify(data)
    if kind is FileKind.XCLBIN:
        partition = xclbin.parse(data).partition
        if partition.columns > MOST_COLUMNS:
            raise FormatError(f"the partition has {partition.columns} columns; no array has")
        if not partition.pdis:
            raise FormatError("the xclbin's AIE_PARTITION section holds no PDI")
        if len(partition.pdis) > 1:
            count = len(partition.pdis)
            raise FormatError(f"the xclbin has {count} PDIs; such a one must be the first file")
        return cdo.operations(pdi.parse(partition.pdis[0].image).cdo()), partition.columns
    if kind is FileKind.PDI:
        return cdo.operations(pdi.parse(data).cdo()), None
    if kind is FileKind.CDO:
        return cdo.operations(cdo.parse(data)), None
    if kind in _STREAMS:
        return _STREAMS[kind](data)
    if kind is FileKind.ELF and (job := elf.parse(data)).control_code is not None:
        return _job(job)
    raise FormatError(f"this is {kind.value}; an xclbin, PDI, CDO or instruction stream configures")


def _job(parsed: elf.Elf) -> Configuration:
    """A job of one PDI and one kernel's control code, as far as it has them."""
    parts: dict[str, list[bytes]] = {".pdi": [], elf.CONTROL_TEXT: []}
    for section in parsed.sections:
        for start, found in parts.items():
            if section.name.startswith(start) and not section.is_compressed:
                found.append(bytes(section.data))
    for start, found in parts.items():
        if len(found) > 1:
            raise FormatError(
                f"the job has {len(found)} sections {start}, so there is no one array; "
                "without --array all of them are shown"
            )
    operations: list[Operation] = []
    columns: int | None = None
    for data in (*parts[".pdi"], *parts[elf.CONTROL_TEXT]):
        done, columns = configuration(data)
        operations += done
    return tuple(operations), columns


Configuration = tuple[tuple[Operation, ...], int | None]


def _txn(data: bytes) -> Configuration:
    stream = txn.parse(data)
    return stream.operations, stream.columns


def _dpu(data: bytes) -> Configuration:
    return dpu.parse(as_binary(data)).operations, None


_STREAMS: dict[FileKind, Callable[[bytes], Configuration]] = {
    FileKind.TXN: _txn,
    FileKind.DPU: _dpu,
}
"""What adds a run to an array."""


def describe_arrays(arrays: PdiArrays, title: str) -> Report:
    """The arrays of an xclbin with several PDIs; one that is damaged is told, the others shown.

    Raises:
        FormatError: there is one to show, and it is damaged.
    """
    if len(arrays.shown) == 1:
        (only,) = arrays.shown
        found = _describe_pdi(only)
        found.title = f"{title}: {found.title}"
    else:
        found = Report(f"{title}: {len(arrays.shown)} PDIs, each with an array")
        for each in arrays.shown:
            with found.noting_trouble(each.label):
                found.parts.append(_describe_pdi(each, nests=True))
    if arrays.unknown:
        loaded = ", ".join(map(str, arrays.unknown))
        text = f"the stream loads PDI {loaded}, which is not here; what follows that is not shown"
        found.fact("note", text)
    return found


def _describe_pdi(one: ConfiguredPdi, *, nests: bool = False) -> Report:
    """A PDI's ids in front of its array."""
    array = describe_array(one.array, one.names)
    found = Report(f"{one.label}: {array.title}", parts=array.parts, nests=nests)
    ids = pdi_names.ids(one.part)
    found.fact("id", ", ".join(map(str, ids)), ids[0] if len(ids) == 1 else list(ids))
    if one.device:
        found.fact("device", one.device)
    kernels = pdi_names.kernels(one.part)
    found.fact("kernels", ", ".join(kernels) or "none, load_pdi brings it in", list(kernels))
    found.fact("uuid", one.part.uuid.hex())
    found.facts += array.facts
    if not one.array.used and not one.array.routes:
        found.fact("note", "it configures nothing")
        found.parts = []
    return found


def describe_array(array: ConfiguredArray, names: Names) -> Report:
    """The configured array."""
    labels = Labels(array, names)
    found = Report("configured array")
    found.fact("size", f"{plural(array.columns, 'column')}, {array.rows} rows")
    found.parts = [_tile(labels, tile) for tile in array.used]
    found.parts.append(_routes(labels))
    return found


def _tile(labels: Labels, tile: Tile) -> Report:
    column, row = tile.position
    found = Report(f"tile ({column},{row}), {tile.kind.value}", table="contents", indent=11)
    if tile.program:
        runs = "runs" if tile.runs else "is not enabled"
        found.fact("core", f"{runs}, {size(tile.program)} of program", tile.program)
    elif tile.runs:
        found.fact("core", "runs, but no program was loaded", 0)
    if tile.cascade:
        cascade = tile.cascade
        found.fact("cascade", f"from {cascade.source.name} to {cascade.destination.name}")
    for span in tile.memory:
        text = f"memory   {span.offset:#07x}  {size(span.size)} filled"
        found.rows.append(Row(text, {"memory": span.offset, "bytes": span.size}))
    found.rows += [
        _lines("lock", labels.lock(tile, lock), {"lock": lock.number, "value": lock.value})
        for lock in tile.locks
        if labels.is_used(tile, lock)
    ]
    found.rows += [
        _lines("BD", labels.descriptor(tile, one), _descriptor_data(one))
        for one in tile.descriptors
        if one.valid
    ]
    found.rows += _channels(tile)
    return found


def _lines(kind: str, text: str, data: dict[str, Any]) -> Row:
    """A row whose first line is a label's headline and the first fact behind it."""
    head, *rest = text.splitlines()
    start = f"{head:<8} {rest[0]}" if kind == "BD" and rest else ", ".join([head, *rest])
    return Row(start, data, tuple(rest[1:]) if kind == "BD" else ())


def _descriptor_data(descriptor: Descriptor) -> dict[str, Any]:
    data: dict[str, Any] = {
        "bd": descriptor.number,
        "bytes": descriptor.bytes,
        "address": descriptor.address,
        "next": descriptor.next,
        "packet_id": descriptor.packet_id,
        "fields": {name: value for name, value in descriptor.fields.items() if value},
    }
    if descriptor.host is not None:
        data["argument"] = descriptor.host.argument
        data["offset"] = descriptor.host.offset
    return data


def _channels(tile: Tile) -> Iterator[Row]:
    """One row for each task, until there are too many; all of them in the JSON."""
    seen: dict[tuple[str, int], int] = {}
    for task in tile.tasks:
        key = (task.direction.name, task.channel)
        seen[key] = seen.get(key, 0) + 1
        yield _task(task, hidden=seen[key] > _SHOWN_TASKS)
    for (direction, channel), count in seen.items():
        if count > _SHOWN_TASKS:
            text = f"{direction} {channel}   … {count - _SHOWN_TASKS} more tasks"
            yield Row(text, {"direction": direction, "channel": channel, "tasks": count})


def _task(task: Task, *, hidden: bool) -> Row:
    numbers = [descriptor.number for descriptor in task.chain]
    chain = " -> ".join(f"BD {number}" for number in numbers)
    ring = task.chain[-1].next if task.chain else None
    again = f" -> BD {ring} again" if ring is not None else ""
    runs = f", {task.runs} times" if task.runs > 1 else ""
    token = ", token when done" if task.token else ""
    data = {
        "direction": task.direction.name,
        "channel": task.channel,
        "bds": numbers,
        "ring": ring,
        "runs": task.runs,
        "token": task.token,
    }
    head = f"{task.direction.name} {task.channel}"
    return Row(f"{head:<8} {chain}{again}{runs}{token}", data, hidden=hidden)


def _routes(labels: Labels) -> Report:
    found = Report("routes", table="routes", indent=4)
    for route in labels.array.routes:
        found.rows.append(_route(labels, route))
    return found


def _route(labels: Labels, route: Route) -> Row:
    name = labels.route(route)
    ends = labels.ends(route)
    named = f"{name}: {ends}" if name and "→" not in name else ends
    hops = [
        f"({hop.tile[0]},{hop.tile[1]}) {hop.slave} -> {hop.master}"
        + (", drops header" if hop.drops_header else "")
        for hop in route.hops
    ]
    data = {
        "source": str(route.source),
        "sinks": [str(sink) for sink in route.sinks],
        "packets": list(route.packet_ids),
        "hops": hops,
    }
    return Row(named, data, ("; ".join(hops),))

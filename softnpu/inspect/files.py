"""A report on each kind of file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

from softnpu.arch.device import device_of_shape
from softnpu.arch.registers import AIE2, AIE2P
from softnpu.errors import FormatError
from softnpu.formats import cdo, elf, pdi, txn, xclbin
from softnpu.formats.identify import FileKind, identify
from softnpu.formats.operations import Operation
from softnpu.formats.xclbin import topology
from softnpu.inspect import operations
from softnpu.inspect.report import Report, Row, plural, size

_AIE2P_DEVGEN = 4
_MAXIMUM_FUNCTIONS = 40


def report(path: Path) -> Report:
    """What the file at `path` holds.

    Raises:
        FormatError: a file of no known format, or a damaged one.
        OSError: a file that cannot be read.
    """
    data = path.read_bytes()
    kind = identify(data)
    reader = _READERS.get(kind)
    if reader is None:
        raise FormatError(f"{path} is {kind.value}; {_EXPECTED}")
    try:
        found = reader(data)
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from error
    found.title = f"{path}: {found.title}, {size(len(data))}"
    promised = _SUFFIXES.get(path.suffix.lower(), kind)
    if promised is not kind:
        found.fact("note", f"by its name this should be {promised.value}")
    return found


_SUFFIXES: dict[str, FileKind] = {
    ".xclbin": FileKind.XCLBIN,
    ".pdi": FileKind.PDI,
    ".elf": FileKind.ELF,
    ".txt": FileKind.TXN_TEXT,
}
"""What names promise; what is in the file decides."""


def describe_txn(data: bytes) -> Report:
    """An instruction stream."""
    stream = txn.parse(data)
    made_for = device_of_shape(stream.devgen, stream.columns)
    text = identify(data) is FileKind.TXN_TEXT
    found = Report(
        "instruction stream as text" if text else "instruction stream", table="operations"
    )
    name = made_for.name if made_for else f"generation {stream.devgen}, unknown"
    found.fact("device", f"{name} ({plural(stream.columns, 'column')}, {stream.rows} rows)", name)
    found.fact("version", ".".join(map(str, stream.version)))
    generation = AIE2P if stream.devgen == _AIE2P_DEVGEN else AIE2
    _add_operations(found, stream.operations, generation)
    return found


def describe_cdo(data: bytes) -> Report:
    """A CDO file."""
    found = Report("configuration data object (CDO)", table="operations")
    _add_operations(found, cdo.operations(cdo.parse(data)))
    return found


def _add_operations(found: Report, done: tuple[Operation, ...], generation: str = AIE2) -> None:
    found.rows.extend(operations.rows(done, generation))
    hidden = sum(row.hidden for row in found.rows)
    aside = f", {hidden} of them no-ops that only align (not shown)" if hidden else ""
    found.fact("operations", f"{len(done)}{aside}", len(done))


def describe_pdi(data: bytes) -> Report:
    """A PDI file."""
    image = pdi.parse(data)
    found = Report("programmable device image (PDI)")
    found.fact("id code", f"{image.id_code:#010x}")
    for one in image.images:
        found.fact("image", f"{one.name}, id {one.id:#010x}", one.name)
        for number, partition in enumerate(one.partitions):
            found.parts.append(_partition(number, partition))
    return found


def _partition(number: int, partition: pdi.Partition) -> Report:
    if partition.holds_cdo:
        found = describe_cdo(partition.data)
        found.title = f"partition {number}: CDO, {size(len(partition.data))}"
        return found
    found = Report(f"partition {number}: {size(len(partition.data))} that are no CDO")
    found.fact("starts with", partition.data[:32].hex(" ", 4))
    found.fact(
        "note", "AMD's own PDIs carry a compact form of commands that is not understood here"
    )
    return found


def describe_xclbin(data: bytes) -> Report:
    """An xclbin file."""
    parsed = xclbin.parse(data)
    found = Report("xclbin")
    header = parsed.header
    found.fact("uuid", header.uuid.hex())
    found.fact("timestamp", _date(header.timestamp), header.timestamp)
    found.fact("written by", f"xclbinutil {'.'.join(map(str, header.version))} or alike")
    for key, value in parsed.marks.items():
        found.fact(key, value)
    found.parts = [_sections(parsed), _memories(parsed), *_kernels(parsed)]
    if parsed.container.section(xclbin.SectionKind.AIE_PARTITION):
        found.parts.extend(_aie_partition(parsed))
    return found


def _date(timestamp: int) -> str:
    """Seconds since 1970 with the date that they mean, if they mean one."""
    try:
        date = datetime.fromtimestamp(timestamp, timezone.utc)
    except (ValueError, OverflowError, OSError):
        return str(timestamp)
    return f"{timestamp} ({date:%Y-%m-%d %H:%M:%S} UTC)"


def _sections(parsed: xclbin.Xclbin) -> Report:
    found = Report("sections", table="sections")
    for section in parsed.container.sections:
        name = xclbin.kind_name(section.kind)
        text = f"{name:<20} {size(len(section.data)):>12}  {section.name}".rstrip()
        found.rows.append(
            Row(text, {"kind": name, "name": section.name, "bytes": len(section.data)})
        )
    return found


def _memories(parsed: xclbin.Xclbin) -> Report:
    found = Report(
        "memories (a buffer's group id is the memory's number, and 65536 for slot 1)",
        table="memories",
    )
    for number, memory in enumerate(parsed.group_memories):
        kind = (
            topology.MEMORY_TYPES[memory.type] if memory.type < len(topology.MEMORY_TYPES) else "?"
        )
        text = f"{number}  {memory.tag:<6} {memory.size_kb} KiB at {memory.base_address:#x}, {kind}"
        found.rows.append(
            Row(text, {"index": number, "tag": memory.tag, "size_kb": memory.size_kb})
        )
    return found


def _kernels(parsed: xclbin.Xclbin) -> list[Report]:
    reports = []
    for kernel in parsed.kernels:
        found = Report(f"kernel {kernel.name}", table="arguments")
        found.fact("instances", ", ".join(kernel.instances))
        found.fact("id", kernel.kernel_id)
        for index, argument in enumerate(kernel.arguments):
            group = parsed.group_id(index)
            place = f"in {argument.memory}, group id {group}" if argument.memory else "scalar"
            text = (
                f"{index}  {argument.name:<8} {argument.type:<10} at {argument.offset:<6} {place}"
            )
            row = {"index": index, "name": argument.name, "type": argument.type}
            found.rows.append(Row(text, {**row, "memory": argument.memory, "group_id": group}))
        reports.append(found)
    return reports


def _aie_partition(parsed: xclbin.Xclbin) -> list[Report]:
    partition = parsed.partition
    found = Report("AIE partition")
    found.fact("columns", str(partition.columns), partition.columns)
    starts = ", ".join(map(str, partition.start_columns))
    found.fact("may start at", f"column {starts}", list(partition.start_columns))
    found.fact(
        "operations per cycle", str(partition.operations_per_cycle), partition.operations_per_cycle
    )
    reports = [found]
    for number, one in enumerate(partition.pdis):
        ids = ", ".join(f"{i:#x}" for group in one.groups for i in group.kernel_ids)
        image = describe_pdi(one.image)
        image.title = f"PDI {number} for kernel {ids or 'none'}, {size(len(one.image))}"
        image.fact("uuid", one.uuid.hex())
        reports.append(image)
    return reports


def describe_elf(data: bytes) -> Report:
    """An ELF file of a core."""
    parsed = elf.parse(data)
    found = Report("ELF file", table="functions")
    found.fact("machine", parsed.machine_name, parsed.machine)
    found.fact("type", elf.TYPES.get(parsed.type, str(parsed.type)), parsed.type)
    found.fact("entry", f"{parsed.entry:#x}", parsed.entry)
    segments = Report("loaded segments", table="segments")
    for segment in parsed.segments:
        zeros = segment.size - len(segment.data)
        filled = f", {size(zeros)} of them zeros" if zeros > 0 else ""
        text = f"{segment.address:#07x}  {segment.permissions}  {size(segment.size)}{filled}"
        segments.rows.append(Row(text, {"address": segment.address, "bytes": segment.size}))
    functions = Report("functions", table="functions")
    for symbol in parsed.functions[:_MAXIMUM_FUNCTIONS]:
        text = f"{symbol.address:#07x}  {symbol.size:>6} bytes  {symbol.name}"
        functions.rows.append(
            Row(text, {"name": symbol.name, "address": symbol.address, "bytes": symbol.size})
        )
    left = len(parsed.functions) - _MAXIMUM_FUNCTIONS
    if left > 0:
        functions.rows.append(Row(f"… {left} more", {"more": left}))
    found.parts = [part for part in (segments, functions) if part.rows]
    return found


_READERS: dict[FileKind, Callable[[bytes], Report]] = {
    FileKind.XCLBIN: describe_xclbin,
    FileKind.PDI: describe_pdi,
    FileKind.CDO: describe_cdo,
    FileKind.TXN: describe_txn,
    FileKind.TXN_TEXT: describe_txn,
    FileKind.ELF: describe_elf,
}
_EXPECTED = "an xclbin, PDI, CDO, instruction stream (insts.bin) or ELF file is expected"

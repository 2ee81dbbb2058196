"""Reports on what is inside an xclbin: sections, memories, kernels, the partition and its PDIs."""

from __future__ import annotations

from datetime import datetime, timezone

from softnpu.formats import xclbin
from softnpu.formats.xclbin import topology
from softnpu.formats.xclbin.reader import NO_BANK
from softnpu.inspect import pdi_names
from softnpu.inspect.images import describe_pdi
from softnpu.inspect.report import Report, Row, size


def describe_xclbin(data: bytes) -> Report:
    """An xclbin file; parts that are damaged or missing are told, the others shown."""
    parsed = xclbin.parse(data)
    found = Report("xclbin")
    header = parsed.header
    found.fact("uuid", header.uuid.hex())
    found.fact("timestamp", _date(header.timestamp), header.timestamp)
    found.fact("written by", f"xclbinutil {'.'.join(map(str, header.version))} or alike")
    with found.noting_trouble():
        for key, value in parsed.marks.items():
            found.fact(key, value)
    found.parts.append(_sections(parsed))
    for part in (_memories, _kernels, _aie_partition):
        with found.noting_trouble():
            found.parts.extend(part(parsed))
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


def _memories(parsed: xclbin.Xclbin) -> list[Report]:
    found = Report("memories", table="memories")
    for number, memory in enumerate(parsed.group_memories):
        kind = (
            topology.MEMORY_TYPES[memory.type] if memory.type < len(topology.MEMORY_TYPES) else "?"
        )
        text = f"{number}  {memory.tag:<6} {memory.size_kb} KiB at {memory.base_address:#x}, {kind}"
        data = {"index": number, "tag": memory.tag, "size_kb": memory.size_kb}
        found.rows.append(Row(text, {**data, "address": memory.base_address, "type": kind}))
    return [found]


def _kernels(parsed: xclbin.Xclbin) -> list[Report]:
    reports = []
    for kernel in parsed.kernels:
        found = Report(f"kernel {kernel.name}", table="arguments")
        found.fact("instances", ", ".join(kernel.instances))
        found.fact("id", kernel.kernel_id)
        instance = parsed.instance_index(kernel) or 0
        for index, argument in enumerate(kernel.arguments):
            group = parsed.group_id(index, instance=instance)
            words = group_in_words(group, argument.memory)
            text = (
                f"{index}  {argument.name:<8} {argument.type:<10} at {argument.offset:<6} "
                f"group id {group:>6}: {words}"
            )
            row = {"index": index, "name": argument.name, "type": argument.type}
            row = {**row, "offset": argument.offset, "memory": argument.memory}
            found.rows.append(Row(text, {**row, "group_id": group, "group": words}))
        reports.append(found)
    return reports


def group_in_words(group: int, memory: str | None) -> str:
    """What the number that `kernel.group_id(n)` answers says.

    It is bank | slot << 16; the bank of a scalar argument is all ones, which XRT's messages print
    as "bank 131071" with the slot still in it (XRT, xrt_kernel.cpp).
    """
    slot, bank = group >> 16, group & NO_BANK
    if bank == NO_BANK:
        return "no memory, a scalar"
    return f"memory {bank} ({memory}), slot {slot}"


def _aie_partition(parsed: xclbin.Xclbin) -> list[Report]:
    if parsed.container.section(xclbin.SectionKind.AIE_PARTITION) is None:
        return []
    partition = parsed.partition
    found = Report("AIE partition")
    found.fact("columns", str(partition.columns), partition.columns)
    starts = ", ".join(map(str, partition.start_columns))
    found.fact("may start at", f"column {starts}", list(partition.start_columns))
    found.fact(
        "operations per cycle", str(partition.operations_per_cycle), partition.operations_per_cycle
    )
    reports = [found]
    for number, one in zip(pdi_names.numbers(partition), partition.pdis, strict=True):
        ids = ", ".join(pdi_names.kernels(one)) or "none"
        with found.noting_trouble():
            image = describe_pdi(one.image)
            image.title = f"{pdi_names.label(number)} for kernel {ids}, {size(len(one.image))}"
            image.fact("uuid", one.uuid.hex())
            reports.append(image)
    return reports

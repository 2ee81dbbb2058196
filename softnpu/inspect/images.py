"""Reports on what configures the array: PDI and CDO."""

from __future__ import annotations

from collections import Counter

from softnpu.formats import cdo, cdo_compact, pdi, word_text
from softnpu.inspect.report import Report, Row, size
from softnpu.inspect.sequences import add_operations

_CDO = "configuration data object (CDO)"


def describe_cdo(data: bytes) -> Report:
    """A CDO file; one that sets a Versal up may have something behind it."""
    counted = cdo.byte_size(data)
    if 0 < counted < len(data) and _is_platform(beginning := cdo.parse(data[:counted])):
        found = _commands(_CDO, beginning)
        behind = size(len(data) - counted)
        found.fact("note", f"{behind} follow that its header does not count")
        return found
    return _commands(_CDO, cdo.parse(data))


def describe_cdo_text(data: bytes) -> Report:
    """A CDO that Vivado wrote as text."""
    found = describe_cdo(word_text.parse_ascii_cdo(data))
    found.title = f"{found.title}, written as text"
    return found


def _commands(title: str, parsed: cdo.Cdo) -> Report:
    if _is_platform(parsed):
        return _platform(title, parsed)
    found = Report(title, table="operations")
    add_operations(found, cdo.operations(parsed))
    return found


def _is_platform(parsed: cdo.Cdo) -> bool:
    return not all(command.is_general for command in parsed.commands)


def _platform(title: str, parsed: cdo.Cdo) -> Report:
    """What sets up clocks, power and pins is counted, no more."""
    names = (c.name if c.is_general else f"power management {c.code:#x}" for c in parsed.commands)
    found = Report(f"{title} of a Versal's platform, not of an NPU", table="commands")
    found.fact("commands", str(len(parsed.commands)), len(parsed.commands))
    for name, count in Counter(names).items():
        found.rows.append(Row(f"{name:<24} {count:>5}", {"name": name, "count": count}))
    return found


def describe_pdi(data: bytes) -> Report:
    """A PDI file."""
    image = pdi.parse(data)
    found = Report("programmable device image (PDI)")
    found.fact("id code", f"{image.id_code:#010x}")
    for one in image.images:
        found.fact("image", f"{one.name}, id {one.id:#010x}", one.name)
        for number, partition in enumerate(one.partitions):
            with found.noting_trouble():
                found.parts.append(_partition(number, partition))
    return found


def describe_boot_image(data: bytes) -> Report:
    """A PDI that boots a Versal device: its images."""
    image = pdi.parse_boot_image(data)
    found = Report("boot image of a Versal device (PDI), not of an NPU", table="images")
    found.fact("id code", f"{image.id_code:#010x}")
    for one in image.images:
        parts = [f"{part.type_name}, {size(len(part.data))}" for part in one.partitions]
        text = f"{one.name:<16} id {one.id:#010x}  {'; '.join(parts)}"
        kinds = [{"type": p.type_name, "bytes": len(p.data)} for p in one.partitions]
        found.rows.append(Row(text, {"name": one.name, "id": one.id, "partitions": kinds}))
    return found


def _partition(number: int, partition: pdi.Partition) -> Report:
    length = size(len(partition.data))
    if not partition.holds_cdo:
        found = Report(f"partition {number}: {length} that are no CDO")
        found.fact("starts with", partition.data[:32].hex(" ", 4))
        return found
    if partition.command_bytes is None:
        return _commands(f"partition {number}: CDO, {length}", partition.cdo())
    found = _commands(f"partition {number}: compact CDO, {length}", partition.cdo())
    zone = partition.command_bytes
    found.fact("form", "compact, as in the PDIs that AMD ships (xclbinutil --transform-pdi)")
    found.fact("command zone", size(zone), zone)
    lost = cdo_compact.missing(partition.data, zone)
    if lost:
        found.fact(
            "note", f"the last {lost} bytes of data are missing, as older tools left them out"
        )
    return found

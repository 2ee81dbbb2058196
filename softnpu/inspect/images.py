"""Reports on what configures and drives the array: PDI, CDO, instruction stream."""

from __future__ import annotations

from softnpu.arch.device import device_of_shape
from softnpu.arch.registers import AIE2, AIE2P
from softnpu.formats import cdo, cdo_compact, pdi, txn
from softnpu.formats.identify import FileKind, identify
from softnpu.formats.operations import Operation
from softnpu.inspect import operations
from softnpu.inspect.report import Report, plural, size

_AIE2P_DEVGEN = 4


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
    _add_operations(found, stream.operations, generation_of(stream))
    if not stream.operations:
        found.fact("note", "a header alone: it makes the array do nothing, and is no PDI either")
    return found


def generation_of(stream: txn.Txn) -> str:
    """The generation of the array that an instruction stream was made for."""
    return AIE2P if stream.devgen == _AIE2P_DEVGEN else AIE2


def describe_cdo(data: bytes) -> Report:
    """A CDO file."""
    return _commands("configuration data object (CDO)", cdo.parse(data))


def _commands(title: str, parsed: cdo.Cdo) -> Report:
    found = Report(title, table="operations")
    _add_operations(found, cdo.operations(parsed))
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
            with found.noting_trouble():
                found.parts.append(_partition(number, partition))
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

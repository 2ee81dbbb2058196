"""Reports on what the host sends: instruction streams, control packets; and on traces."""

from __future__ import annotations

from softnpu.arch.device import device_of_shape
from softnpu.arch.register import AIE2, AIE2P
from softnpu.arch.registers import find
from softnpu.arch.tiles import TileKind
from softnpu.formats import control_packets, dpu, trace, txn
from softnpu.formats.control_packets import ControlPacket
from softnpu.formats.identify import as_binary, is_word_text
from softnpu.formats.operations import Operation
from softnpu.inspect import operations
from softnpu.inspect.report import Report, Row, plural, size

_AIE2P_DEVGEN = 4
_DEVGENS = {3: "npu1", _AIE2P_DEVGEN: "npu2"}


def describe_txn(data: bytes) -> Report:
    """An instruction stream."""
    stream = txn.parse(data)
    found = Report(f"instruction stream{_dress(data)}", table="operations")
    name = _device(stream)
    found.fact("device", f"{name} ({plural(stream.columns, 'column')}, {stream.rows} rows)", name)
    found.fact("version", ".".join(map(str, stream.version)))
    add_operations(found, stream.operations, generation_of(stream))
    if not stream.operations:
        found.fact("note", "a header alone: it makes the array do nothing, and is no PDI either")
    return found


def _dress(data: bytes) -> str:
    return " as text" if is_word_text(data) else ""


def _device(stream: txn.Txn) -> str:
    """The device by its shape; older tools wrote npu1 with the column that has no shim DMA."""
    made_for = device_of_shape(stream.devgen, stream.columns)
    if made_for is not None:
        return made_for.name
    return _DEVGENS.get(stream.devgen, f"generation {stream.devgen}, unknown")


def generation_of(stream: txn.Txn) -> str:
    """The generation of the array that an instruction stream was made for."""
    return AIE2P if stream.devgen == _AIE2P_DEVGEN else AIE2


def add_operations(found: Report, done: tuple[Operation, ...], generation: str = AIE2) -> None:
    """Adds a row for each operation."""
    found.rows.extend(operations.rows(done, generation))
    hidden = sum(row.hidden for row in found.rows)
    aside = f", {hidden} of them no-ops (not shown)" if hidden else ""
    found.fact("operations", f"{len(done)}{aside}", len(done))


def describe_dpu(data: bytes) -> Report:
    """An instruction stream of before TXN."""
    stream = dpu.parse(as_binary(data))
    found = Report(f"instruction stream of before TXN (DPU){_dress(data)}", table="operations")
    if stream.prolog:
        found.fact("prolog", plural(len(stream.prolog), "word"), list(stream.prolog))
    add_operations(found, stream.operations)
    return found


def describe_control_packets(data: bytes) -> Report:
    """Control packets."""
    packets = control_packets.parse(as_binary(data))
    found = Report(f"control packets{_dress(data)}", table="packets")
    found.fact("packets", str(len(packets)), len(packets))
    if packets and packets[0].id is None:
        found.fact("note", "without stream headers, which the shim's DMA adds")
    found.rows = [_packet(number, packet) for number, packet in enumerate(packets)]
    return found


def _packet(number: int, packet: ControlPacket) -> Row:
    """The tile is not in the file: the id that leads to it stands for it."""
    way = "" if packet.id is None else f"column {packet.column} id {packet.id:<3}"
    verb = packet.operation.name.lower().replace("_", " ")
    registers = _registers(packet)
    values = " ".join(f"{word:08x}" for word in packet.data)
    answer = f"{plural(packet.count, 'word')}, answered with id {packet.response}"
    text = f"{number:4}  {way}{verb:<6} {packet.address:#07x} {registers:<40} {values or answer}"
    data = {
        "index": number,
        "op": verb,
        "id": packet.id,
        "type": packet.type,
        "column": packet.column,
        "address": packet.address,
        "registers": registers,
        "words": packet.count,
        "response": packet.response,
        "data": list(packet.data),
    }
    return Row(text.rstrip(), data)


def _registers(packet: ControlPacket) -> str:
    """What lies at the address, by the kinds of tile that have something there."""
    names: dict[str, list[str]] = {}
    for kind in TileKind:
        match = find(kind, packet.address) or find(kind, packet.address, AIE2P)
        if match is not None:
            place = f"{match.name}+{match.byte:#x}" if match.byte else match.name
            names.setdefault(place, []).append(kind.value)
    return "; ".join(f"{name} ({' or '.join(kinds)})" for name, kinds in names.items())


def describe_trace(data: bytes) -> Report:
    """A trace: what it comes from."""
    packets = trace.parse(as_binary(data))
    found = Report(f"trace{_dress(data)}", table="sources")
    found.fact("packets", f"{len(packets)}, {size(32 * len(packets))}", len(packets))
    modes = {p.source: p.mode for p in reversed(packets) if p.mode is not None}
    for source, count in trace.sources(packets).items():
        mode = modes.get(source)
        begins = f"mode {mode}" if mode is not None else "begins amid a trace"
        text = f"{source!s:<40} {plural(count, 'packet')}, {begins}"
        place = {"tile": [source.column, source.row], "module": source.module, "id": source.id}
        found.rows.append(Row(text, {**place, "packets": count, "mode": mode}))
    found.fact("note", "mlir-aie's aie.utils.trace.parse makes events of it, with the design")
    return found

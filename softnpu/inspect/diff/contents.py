"""How the contents of two files differ, by what kind of file they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

from softnpu.errors import FormatError
from softnpu.formats import cdo, control_packets, dpu, elf, pdi, txn, xclbin
from softnpu.formats.identify import FileKind, as_binary, identify, is_word_text
from softnpu.formats.xclbin import SectionKind, metadata, partition, topology
from softnpu.inspect import pdi_names
from softnpu.inspect.diff.difference import Difference, first_byte, replaced, side_by_side
from softnpu.inspect.diff.operations import setup_differences, stream_differences
from softnpu.inspect.diff.values import shown, value_differences
from softnpu.inspect.sequences import generation_of

Comparison = Callable[[bytes, bytes], Iterator[Difference]]


def differences(old: bytes, new: bytes) -> list[Difference]:
    """What two files say differently: none if, and only if, they are the same bytes.

    Files of one known kind are compared by meaning; what differs only in bytes that mean nothing
    is told as such. Anything else, and damaged files, are compared byte by byte. Never fails.
    """
    if old == new:
        return []
    kind, other = identify(old), identify(new)
    if kind is not other:
        return [Difference("kind of file", kind.value, other.value), first_byte(old, new)]
    compare = _COMPARISONS.get(kind)
    if compare is None:
        return [first_byte(old, new)]
    try:
        found = list(compare(old, new))
    except FormatError as error:
        return [
            Difference("damaged", _state(old), _state(new), (str(error),)),
            first_byte(old, new),
        ]
    if found:
        return found
    at = first_byte(old, new)
    return [Difference(at.place, at.old, at.new, (*at.details, "the same when decoded"))]


def _state(data: bytes) -> str:
    """Whether a file can be read."""
    from softnpu.inspect.files import describe

    try:
        damaged = describe(data).is_damaged
    except FormatError as error:
        return str(error)
    return "damaged in part" if damaged else "sound"


def _streams(old: bytes, new: bytes) -> Iterator[Difference]:
    mine, other = txn.parse(old), txn.parse(new)
    for name in ("version", "devgen", "rows", "columns", "memory_rows"):
        yield from value_differences(
            f"header {name.replace('_', ' ')}", getattr(mine, name), getattr(other, name)
        )
    yield from _dress(old, new)
    yield from stream_differences(mine.operations, other.operations, generation_of(mine))


def _dress(old: bytes, new: bytes) -> Iterator[Difference]:
    """Words written as text say the same as in binary."""
    if is_word_text(old) != is_word_text(new):
        mine, other = ("text" if is_word_text(data) else "binary" for data in (old, new))
        yield Difference("written as", mine, other)


def _dpus(old: bytes, new: bytes) -> Iterator[Difference]:
    mine, other = dpu.parse(as_binary(old)), dpu.parse(as_binary(new))
    yield from _dress(old, new)
    yield from value_differences("prolog", mine.prolog, other.prolog)
    yield from stream_differences(mine.operations, other.operations)


def _control_packets(old: bytes, new: bytes) -> Iterator[Difference]:
    mine, other = (control_packets.parse(as_binary(data)) for data in (old, new))
    yield from _dress(old, new)
    for a, b in side_by_side(mine, other, lambda packet: (packet.column, packet.address)):
        place = f"packet {b if a is None else a}"
        if a is None:
            yield Difference(place, None, None if b is None else str(other[b]))
        elif b is None:
            yield Difference(place, str(mine[a]), None)
        else:
            yield from value_differences(place, mine[a], other[b])


def _cdos(old: bytes, new: bytes) -> Iterator[Difference]:
    yield from _commands(cdo.parse(old), cdo.parse(new))


def _commands(old: cdo.Cdo, new: cdo.Cdo) -> Iterator[Difference]:
    mine, other = cdo.operations(old), cdo.operations(new)
    found = list(setup_differences(mine, other))
    yield from found
    if not found and mine != other:
        yield Difference("no-ops that align what follows", _count(old), _count(new))


def _count(parsed: cdo.Cdo) -> str:
    padding = [command for command in parsed.commands if command.code == cdo.NOP]
    return f"{len(padding)}, {sum(4 + len(c.payload) for c in padding)} bytes"


def _pdis(old: bytes, new: bytes) -> Iterator[Difference]:
    mine, other = pdi.parse(old), pdi.parse(new)
    for name in ("id_code", "extended_id_code"):
        a, b = getattr(mine, name), getattr(other, name)
        if a != b:
            yield Difference(name.replace("_", " "), f"{a:#x}", f"{b:#x}")
    if [len(one.partitions) for one in mine.images] != [
        len(one.partitions) for one in other.images
    ]:
        yield Difference("images", _images(mine), _images(other))
        return
    for n, (a, b) in enumerate(zip(mine.images, other.images, strict=True)):
        yield from value_differences(f"image {n} name", a.name, b.name)
        yield from value_differences(f"image {n} id", a.id, b.id)
        for part, other_part in zip(a.partitions, b.partitions, strict=True):
            yield from _partitions(part, other_part)


def _images(parsed: pdi.Pdi) -> str:
    return ", ".join(f"{one.name} of {len(one.partitions)} partitions" for one in parsed.images)


def _partitions(old: pdi.Partition, new: pdi.Partition) -> Iterator[Difference]:
    yield from value_differences("partition attributes", old.attributes, new.attributes)
    if old.is_compact != new.is_compact:
        yield Difference("form of the CDO", _form(old), _form(new))
    if not (old.holds_cdo and new.holds_cdo):
        yield from value_differences("partition data", old.data, new.data)
    elif old.is_compact or new.is_compact:
        yield from setup_differences(cdo.operations(old.cdo()), cdo.operations(new.cdo()))
    else:
        yield from _commands(old.cdo(), new.cdo())


def _form(one: pdi.Partition) -> str:
    return "compact" if one.is_compact else "plain"


MIRROR = "mirror data"
"""xclbinutil's JSON copy of the contents, which XRT does not read."""
VARYING = ("timestamp", "uuid", "unique id", "version", MIRROR)
"""What depends on the run and the version of xclbinutil, not on what is packed."""


def _xclbins(old: bytes, new: bytes) -> Iterator[Difference]:
    mine, other = xclbin.parse(old), xclbin.parse(new)
    for one in value_differences("", _header(mine), _header(other)):
        yield replace(one, varies=one.place in VARYING)
    for kind in dict.fromkeys(s.kind for p in (mine, other) for s in p.container.sections):
        yield from _sections(kind, mine, other)
    if mine.container.mirror != other.container.mirror:
        found = first_byte(mine.container.mirror, other.container.mirror)
        yield replace(found, place=MIRROR, varies=True)


def _header(parsed: xclbin.Xclbin) -> dict[str, object]:
    return {
        "timestamp": parsed.header.timestamp,
        "uuid": parsed.header.uuid,
        "unique id": parsed.header.unique_id,
        "version": ".".join(map(str, parsed.header.version)),
        "mode": parsed.header.mode,
        "platform": parsed.header.platform,
    }


def _sections(kind: int, old: xclbin.Xclbin, new: xclbin.Xclbin) -> Iterator[Difference]:
    name = xclbin.kind_name(kind)
    mine = [section for section in old.container.sections if section.kind == kind]
    other = [section for section in new.container.sections if section.kind == kind]
    if len(mine) != len(other):
        yield Difference(f"section {name}", _there(mine), _there(other))
        return
    for a, b in zip(mine, other, strict=True):
        yield from value_differences(f"section {name} is called", a.name, b.name)
        if a.data != b.data:
            decode = _SECTIONS.get(kind)
            found = list(decode(a.data, b.data)) if decode else []
            yield from found or [first_byte(a.data, b.data).within(f"section {name}")]


def _there(sections: list[xclbin.Section]) -> str | None:
    sizes = ", ".join(f"{len(section.data)} bytes" for section in sections)
    return sizes or None


def _aie_partitions(old: bytes, new: bytes) -> Iterator[Difference]:
    mine, other = partition.parse(old), partition.parse(new)
    yield from value_differences("partition", replace(mine, pdis=()), replace(other, pdis=()))
    before, after = _numbered(mine, other), _numbered(other, mine)
    if set(before) == set(after) and list(before) != list(after):
        yield Difference("order of the PDIs", _listed(before), _listed(after))
    for number in dict.fromkeys((*before, *after)):
        place = pdi_names.label(number)
        a, b = before.get(number), after.get(number)
        if a is None or b is None:
            yield Difference(place, _what(a), _what(b))
            continue
        yield from value_differences(place, replace(a, image=b""), replace(b, image=b""))
        for one in differences(a.image, b.image):
            yield one.within(place)


Pdis = dict[int, partition.PartitionPdi]


def _numbered(one: partition.Partition, beside: partition.Partition) -> Pdis:
    """The PDIs by number; a lone one beside several goes by its id as they do."""
    both = (one, beside)
    of_ids = all(map(pdi_names.have_own_ids, both)) and any(len(each.pdis) > 1 for each in both)
    numbers = pdi_names.by_id(one) if of_ids else range(len(one.pdis))
    return dict(zip(numbers, one.pdis, strict=True))


def _listed(pdis: Pdis) -> str:
    return ", ".join(map(str, pdis))


def _what(one: partition.PartitionPdi | None) -> str | None:
    if one is None:
        return None
    return f"{len(one.image)} bytes for kernel {', '.join(pdi_names.kernels(one)) or 'none'}"


def _parsed(place: str, parse: Callable[[bytes], object]) -> Comparison:
    return lambda old, new: value_differences(place, parse(old), parse(new))


_SECTIONS: dict[int, Comparison] = {
    SectionKind.AIE_PARTITION: _aie_partitions,
    SectionKind.EMBEDDED_METADATA: _parsed("kernel", metadata.parse_kernels),
    SectionKind.MEM_TOPOLOGY: _parsed("memory", topology.parse_memories),
    SectionKind.GROUP_TOPOLOGY: _parsed("memory or group", topology.parse_memories),
    SectionKind.CONNECTIVITY: _parsed("connection", topology.parse_connections),
    SectionKind.GROUP_CONNECTIVITY: _parsed("group connection", topology.parse_connections),
    SectionKind.IP_LAYOUT: _parsed("instance", topology.parse_instances),
    SectionKind.KEYVALUE_METADATA: _parsed("", lambda d: dict(metadata.parse_key_values(d))),
}


def _programs(old: bytes, new: bytes) -> Iterator[Difference]:
    mine, other = elf.parse(old), elf.parse(new)
    for name in ("bits", "machine", "type", "entry", "flags", "abi", "abi_version"):
        label = name.replace("_", " ")
        yield from value_differences(label, getattr(mine, name), getattr(other, name))
    if mine.control_code is not None and other.control_code is not None:
        yield from _jobs(mine, other)
        return
    for a, b in side_by_side(mine.segments, other.segments, lambda segment: segment.address):
        before = None if a is None else mine.segments[a]
        after = None if b is None else other.segments[b]
        yield from _segment(before, after)
    yield from value_differences("function", _functions(mine), _functions(other))


_LINKING = frozenset(
    (".shstrtab", ".strtab", ".symtab", ".dynstr", ".dynsym", ".rela.dyn", ".dynamic", ".group")
)
"""Sections that make a file an ELF file; what they say is compared as such."""


def _jobs(mine: elf.Elf, other: elf.Elf) -> Iterator[Difference]:
    """Of two whole jobs, section by section."""
    yield from value_differences("kernel", tuple(mine.kernels()), tuple(other.kernels()))
    yield from value_differences("patched with", mine.patched_with, other.patched_with)
    before, after = ({s.name: bytes(s.data) for s in one.sections} for one in (mine, other))
    for name in dict.fromkeys((*before, *after)):
        if name in _LINKING:
            continue
        if name not in before or name not in after:
            yield Difference(name, _size(before, name), _size(after, name))
        else:
            for found in differences(before[name], after[name]):
                yield found.within(name)


def _size(sections: dict[str, bytes], name: str) -> str | None:
    return f"{len(sections[name])} bytes" if name in sections else None


def _functions(one: elf.Elf) -> dict[str, str]:
    return {symbol.name: f"{symbol.address:#x}, {symbol.size} bytes" for symbol in one.functions}


def _segment(old: elf.Segment | None, new: elf.Segment | None) -> Iterator[Difference]:
    known = old or new
    assert known is not None
    place = f"segment at {known.address:#x}"
    if old is None or new is None:
        there = f"{known.size} bytes, {known.permissions}"
        yield Difference(place, there if old else None, there if new else None)
        return
    yield from value_differences(f"{place} size", old.size, new.size)
    yield from value_differences(f"{place} permissions", old.permissions, new.permissions)
    yield from value_differences(place, old.data, new.data)


_LONGEST_TEXT = 4 << 20
"""Bytes of text that are taken apart line by line."""


def _texts(old: bytes, new: bytes) -> Iterator[Difference]:
    if len(old) + len(new) > _LONGEST_TEXT:
        return
    try:
        parsed = json.loads(old), json.loads(new)
    except (ValueError, RecursionError):
        yield from _lines(old.decode(errors="replace"), new.decode(errors="replace"))
        return
    yield from value_differences("", *parsed)


def _lines(old: str, new: str) -> Iterator[Difference]:
    mine, other = old.splitlines(), new.splitlines()
    for at, to in replaced(mine, other):
        number = to if at is None else at
        yield Difference(
            f"line {0 if number is None else number + 1}",
            None if at is None else shown(mine[at].strip()),
            None if to is None else shown(other[to].strip()),
        )


_COMPARISONS: dict[FileKind, Comparison] = {
    FileKind.XCLBIN: _xclbins,
    FileKind.PDI: _pdis,
    FileKind.CDO: _cdos,
    FileKind.TXN: _streams,
    FileKind.DPU: _dpus,
    FileKind.CONTROL_PACKETS: _control_packets,
    FileKind.ELF: _programs,
    FileKind.TEXT: _texts,
    FileKind.LFS_POINTER: _texts,
}

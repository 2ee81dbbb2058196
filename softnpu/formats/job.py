"""The ELF file of a job as XRT executes it: control code, what is patched into it, PDIs.

One without groups (aiecc's --get-elf) goes with an xclbin and holds the instruction stream of one
kernel; one with groups (a full ELF) holds all: kernels with their instances, their streams and
control packets, and the PDIs that the streams load. In both the host writes the buffers' addresses
into the descriptors that the stream carries, where the relocations say. Sources: XRT, xrt_elf.cpp,
elf_patcher.h and .cpp; aiebu, aie2_blob_preprocessor_input.cpp.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from softnpu.errors import FormatError
from softnpu.formats import elf
from softnpu.formats.elf import Elf, Section
from softnpu.formats.records import Bytes, words

TEXT, PACKETS, PDI = elf.CONTROL_TEXT, ".ctrldata", ".pdi"
UID, CONFIGURATION = ".note.xrt.UID", ".note.xrt.configuration"
CONTROL_PACKETS, SCRATCHPAD = "control-packet", "scratch-pad-ctrl"
"""Symbols that stand for buffers of the job's own; the others are arguments by number, or PDIs."""

AIE2P = 69
CUSTOM_SECTION = 0x8000_0001
"""The type of sections that XRT hands to the host as they are."""

MARKS = "npuforge."
"""Custom sections that hold what an xclbin has as marks begin so: what the cores' programs are."""

_PACKED_ADDENDS = 1
_RELOCATIONS = ".rela.dyn"
_ZLIB = 1


class Scheme(IntEnum):
    """How a symbol's value goes into the section (XRT, elf_patcher.h, symbol_type)."""

    SCALAR_32 = 3
    CONTROL_PACKET_48 = 4
    SHIM_DMA_48 = 5
    ADDRESS_64 = 8


@dataclass(frozen=True)
class Patch:
    """A place that XRT writes a value into.

    Attributes:
        offset: in bytes from the section's start; of a descriptor, its first word.
        symbol: an argument's number, `CONTROL_PACKETS`, `SCRATCHPAD`, or a PDI's section.
        addend: what is added to the value.
        size: the symbol's: for a scalar, the mask of the bits that it replaces.
    """

    offset: int
    symbol: str
    scheme: Scheme
    addend: int = 0
    size: int = 0


@dataclass(frozen=True)
class ControlCode:
    """What one instance of a kernel executes.

    Attributes:
        kernel, instance: their names; empty in a file without groups.
        arguments: how many buffers the kernel takes; None in a file without groups, where the
            xclbin says it.
        text: the instruction stream.
        packets: control packets that it sends.
    """

    text: bytes
    patches: tuple[Patch, ...] = ()
    packets: bytes = b""
    packet_patches: tuple[Patch, ...] = ()
    kernel: str = ""
    instance: str = ""
    arguments: int | None = None


@dataclass(frozen=True)
class Job:
    """A parsed job.

    Attributes:
        columns: of the partition; None in a file that goes with an xclbin.
        pdis: by their section's name.
        custom: sections for the host, by name.
        uid: 16 bytes, or fewer in files of old.
    """

    codes: tuple[ControlCode, ...]
    columns: int | None = None
    pdis: Mapping[str, bytes] = field(default_factory=dict)
    custom: Mapping[str, bytes] = field(default_factory=dict)
    uid: bytes = b""
    platform: int = AIE2P

    @property
    def is_full(self) -> bool:
        """Whether it configures the array, too."""
        return self.columns is not None

    def code(self, name: str) -> ControlCode:
        """The code of "kernel:instance", or of a kernel that has one instance.

        Raises:
            FormatError: there is none, or a kernel of several instances is meant.
        """
        kernel, colon, instance = name.partition(":")
        found = [c for c in self.codes if c.kernel == kernel and instance in (c.instance, "")]
        if len(found) == 1:
            return found[0]
        there = ", ".join(f"{c.kernel}:{c.instance}" for c in self.codes)
        if found and not colon:
            raise FormatError(
                f"Multiple sub kernels present for given kernel '{name}', cannot choose sub "
                f"kernel; the ELF has: {there}"
            )
        raise FormatError(f"cannot get ctrlcode id from given kernel name: {name}; it has: {there}")


def read(data: Bytes) -> Job:
    """The job in an ELF file.

    Raises:
        FormatError: the file is another ELF, for another NPU, or damaged.
    """
    parsed = elf.parse(data)
    if parsed.control_code is None:
        raise FormatError("the ELF file holds no control code: it is a core's or a host's program")
    if parsed.abi != AIE2P:
        raise FormatError(
            f"the ELF file holds control code for {parsed.control_code}; npu1 and npu2 take that "
            f"of {elf.CONTROL_CODE[AIE2P]}"
        )
    if parsed.bits != 32:
        raise FormatError("the ELF file of a job is of 32 bits")
    patches = _patches(parsed)
    codes = tuple(_codes(parsed, patches))
    if not codes:
        raise FormatError(f"the ELF file of a job has no {TEXT} section with control code")
    sections = [s for s in parsed.sections if s.name.startswith(PDI)]
    return Job(
        codes,
        _columns(parsed),
        {s.name: _stored(s) for s in sections},
        {s.name: bytes(s.data) for s in parsed.sections if s.type == CUSTOM_SECTION},
        _note(parsed, UID) or b"",
        parsed.abi,
    )


def _codes(parsed: Elf, patches: Mapping[int, list[Patch]]) -> Iterator[ControlCode]:
    if parsed.abi_version >> 4 == 0:
        everything = tuple(range(len(parsed.sections)))
        yield from _code(parsed, patches, everything, "", "", None)
        return
    for mangled, instance, members in parsed.kernels():
        name, arguments = _signature(mangled)
        yield from _code(parsed, patches, members, name, instance, arguments)


def _code(
    parsed: Elf,
    patches: Mapping[int, list[Patch]],
    members: Sequence[int],
    kernel: str,
    instance: str,
    arguments: int | None,
) -> Iterator[ControlCode]:
    text, packets = (_member(parsed, members, start) for start in (TEXT, PACKETS))
    if text is None:
        return
    yield ControlCode(
        _stored(parsed.sections[text]),
        tuple(patches.get(text, ())),
        b"" if packets is None else _stored(parsed.sections[packets]),
        () if packets is None else tuple(patches.get(packets, ())),
        kernel,
        instance,
        arguments,
    )


def _member(parsed: Elf, members: Sequence[int], start: str) -> int | None:
    """The number of the section among `members` whose name begins so."""
    found = [
        number
        for number in members
        if number < len(parsed.sections) and parsed.sections[number].name.startswith(start)
    ]
    if len(found) > 1:
        raise FormatError(
            f"an instance of the ELF file's kernels has {len(found)} {start} sections"
        )
    return found[0] if found else None


def _signature(mangled: str) -> tuple[str, int]:
    """A kernel's name and how many buffers it takes, of e.g. "_Z4mainPcPc"."""
    found = re.match(r"_Z(\d+)", mangled)
    if found is None:
        raise FormatError(f"the kernel '{mangled}' of the ELF file is not mangled (_Z4mainPc)")
    end = found.end() + int(found[1])
    types = re.findall(r"P*[vci]", mangled[end:])
    if "".join(types) != mangled[end:]:
        raise FormatError(f"the kernel '{mangled}' of the ELF file takes what XRT knows not")
    pointers = [one for one in types if one.startswith("P")]
    if len(pointers) != len(types) and types != ["v"]:
        raise FormatError("scalar args are not yet supported for this kind of kernel")
    return mangled[found.end() : end], len(pointers)


def _patches(parsed: Elf) -> dict[int, list[Patch]]:
    """The patches of each section, by its number."""
    found: dict[int, list[Patch]] = {}
    for table in parsed.sections:
        if table.name != _RELOCATIONS:
            continue
        numbers = words(table.data[: len(table.data) // 12 * 12])
        for offset, info, addend in zip(*[iter(numbers)] * 3, strict=True):
            if info >> 8 >= len(parsed.dynamic):
                raise FormatError(f"a relocation of the ELF file names symbol {info >> 8}")
            symbol = parsed.dynamic[info >> 8]
            kind = info & 0xFF
            if parsed.abi_version == _PACKED_ADDENDS:
                kind, addend = addend & 0xF, addend >> 4
            patch = Patch(offset, symbol.name, _scheme(kind), addend, symbol.size)
            found.setdefault(symbol.section, []).append(patch)
    return found


def _scheme(kind: int) -> Scheme:
    try:
        return Scheme(kind)
    except ValueError:
        raise FormatError(
            f"a relocation of the ELF file is of kind {kind}, which is for other NPUs"
        ) from None


def _columns(parsed: Elf) -> int | None:
    configuration = _note(parsed, CONFIGURATION)
    return None if configuration is None else int.from_bytes(configuration[:4], "little")


def _note(parsed: Elf, name: str) -> bytes | None:
    for section in parsed.sections:
        if section.name == name:
            return next((text for _, _, text in elf.notes(section)), b"")
    return None


def _stored(section: Section) -> bytes:
    """A section's content, decompressed."""
    if not section.is_compressed:
        return bytes(section.data)
    kind, size, _ = words(section.data[:12]) if len(section.data) >= 12 else (0, 0, 0)
    if kind != _ZLIB:
        raise FormatError(f"{section.name} of the ELF file is compressed otherwise than by zlib")
    try:
        unpacked = zlib.decompressobj().decompress(bytes(section.data[12:]), size + 1)
    except zlib.error as error:
        raise FormatError(f"{section.name} of the ELF file is damaged: {error}") from error
    if len(unpacked) != size:
        raise FormatError(f"{section.name} of the ELF file has not the size that it says")
    return unpacked

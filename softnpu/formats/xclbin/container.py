"""The xclbin file as a container ("axlf"): a header and a list of sections.

Source: XRT, xrt/detail/xclbin.h and tools/xclbinutil (XclBinClass.cxx).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from softnpu.errors import FormatError
from softnpu.formats.identify import XCLBIN_MAGIC, FileKind, identify, wrong_kind
from softnpu.formats.records import Bytes, Record, i32, padded, raw, text, u8, u16, u32, u64


class SectionKind(IntEnum):
    """Kinds of sections, numbered as `axlf_section_kind` and named as xclbinutil names them."""

    BITSTREAM = 0
    CLEARING_BITSTREAM = 1
    EMBEDDED_METADATA = 2
    FIRMWARE = 3
    DEBUG_DATA = 4
    SCHED_FIRMWARE = 5
    MEM_TOPOLOGY = 6
    CONNECTIVITY = 7
    IP_LAYOUT = 8
    DEBUG_IP_LAYOUT = 9
    DESIGN_CHECK_POINT = 10
    CLOCK_FREQ_TOPOLOGY = 11
    MCS = 12
    BMC = 13
    BUILD_METADATA = 14
    KEYVALUE_METADATA = 15
    USER_METADATA = 16
    DNA_CERTIFICATE = 17
    PDI = 18
    BITSTREAM_PARTIAL_PDI = 19
    PARTITION_METADATA = 20
    EMULATION_DATA = 21
    SYSTEM_METADATA = 22
    SOFT_KERNEL = 23
    ASK_FLASH = 24
    AIE_METADATA = 25
    GROUP_TOPOLOGY = 26
    GROUP_CONNECTIVITY = 27
    SMARTNIC = 28
    AIE_RESOURCES = 29
    OVERLAY = 30
    VENDER_METADATA = 31
    AIE_PARTITION = 32
    IP_METADATA = 33
    AIE_RESOURCES_BIN = 34
    AIE_TRACE_METADATA = 35
    DTBO = 36


def kind_name(kind: int) -> str:
    """The name of a section kind, or its number if it is unknown."""
    try:
        return SectionKind(kind).name
    except ValueError:
        return f"section of kind {kind}"


@dataclass(frozen=True)
class Section:
    """One section: `kind` is a SectionKind's number, `name` has at most 15 bytes."""

    kind: int
    data: bytes
    name: str = ""


@dataclass(frozen=True)
class Header:
    """What an xclbin says about itself.

    Attributes:
        timestamp: seconds since 1970; xclbinutil writes it as the unique id too.
        uuid: 16 bytes by which XRT tells xclbins apart.
        version: of the xclbinutil that wrote it: major, minor, patch.
    """

    timestamp: int = 0
    uuid: bytes = bytes(16)
    version: tuple[int, int, int] = (2, 26, 0)
    unique_id: int = 0
    mode: int = 0
    platform: str = ""


@dataclass(frozen=True)
class Container:
    """An xclbin's header, sections in the order of the file, and what follows them.

    Attributes:
        mirror: xclbinutil's JSON copy of the contents, with its start and end marks.
    """

    header: Header
    sections: tuple[Section, ...]
    mirror: bytes = b""

    def section(self, kind: SectionKind) -> Section | None:
        """The first section of a kind, None if there is none."""
        return next((section for section in self.sections if section.kind == kind), None)

    def require(self, kind: SectionKind) -> Section:
        """The first section of a kind; FormatError if there is none."""
        found = self.section(kind)
        if found is None:
            there = ", ".join(kind_name(section.kind) for section in self.sections) or "none"
            raise FormatError(f"the xclbin has no {kind.name} section; it has: {there}")
        return found


@dataclass(frozen=True)
class _Fixed(Record):
    """The xclbin's header: 456 bytes."""

    magic: bytes = raw(8, XCLBIN_MAGIC)
    signature_length: int = i32(-1)
    reserved: bytes = raw(28, b"\xff" * 28)
    key_block: bytes = raw(256, b"\xff" * 256)
    unique_id: int = u64()
    length: int = u64()
    timestamp: int = u64()
    feature_rom_timestamp: int = u64()
    version_patch: int = u16()
    version_major: int = u8()
    version_minor: int = u8()
    mode: int = u16()
    action_mask: int = u16()
    interface_uuid: bytes = raw(16)
    platform: bytes = raw(64)
    uuid: bytes = raw(16)
    debug_binary: bytes = raw(16)
    sections: int = u32()
    padding: int = u32()


@dataclass(frozen=True)
class _SectionHeader(Record):
    """The xclbin's section header: 40 bytes."""

    kind: int = u32()
    name: bytes = raw(16)
    padding: int = u32()
    offset: int = u64()
    size: int = u64()


ALIGNMENT = 8
_MAXIMUM_SECTIONS = 0x10000
_NAME_BYTES = 15


def parse(data: Bytes) -> Container:
    """The sections of the xclbin in `data`.

    Raises:
        FormatError: not an xclbin, cut off, or sections outside the file.
    """
    if identify(data) is not FileKind.XCLBIN:
        raise wrong_kind(data, FileKind.XCLBIN)
    fixed = _Fixed.read(data)
    if fixed.length > len(data):
        raise FormatError(
            f"the xclbin's header says {fixed.length} bytes, the file has {len(data)}: "
            "it is cut off"
        )
    if fixed.sections > _MAXIMUM_SECTIONS:
        raise FormatError(f"the xclbin's header says {fixed.sections} sections")
    view = memoryview(data)
    size = _SectionHeader.byte_size()
    headers = [
        _SectionHeader.read(data, _Fixed.byte_size() + n * size) for n in range(fixed.sections)
    ]
    for header in headers:
        _check_section(header, len(data))
    if sum(header.size for header in headers) > len(data):
        raise FormatError("the xclbin's sections say that together they are longer than the file")
    sections = tuple(_read_section(view, header) for header in headers)
    end = max((header.offset + header.size for header in headers), default=_Fixed.byte_size())
    return Container(_header(fixed), sections, bytes(view[end:]))


def _check_section(header: _SectionHeader, size: int) -> None:
    end = header.offset + header.size
    if end > size:
        raise FormatError(
            f"the xclbin's {kind_name(header.kind)} section ends at byte {end:#x}, "
            f"the file at {size:#x}"
        )


def _read_section(view: memoryview, header: _SectionHeader) -> Section:
    data = bytes(view[header.offset : header.offset + header.size])
    return Section(header.kind, data, text(header.name))


def _header(fixed: _Fixed) -> Header:
    return Header(
        fixed.timestamp,
        fixed.uuid,
        (fixed.version_major, fixed.version_minor, fixed.version_patch),
        fixed.unique_id,
        fixed.mode,
        text(fixed.platform),
    )


def offsets(sections: tuple[Section, ...]) -> list[int]:
    """Where each section starts in the file."""
    found = []
    at = _Fixed.byte_size() + len(sections) * _SectionHeader.byte_size()
    for section in sections:
        at += -at % ALIGNMENT
        found.append(at)
        at += len(section.data)
    return found


def build(container: Container) -> bytes:
    """The bytes of an xclbin; FormatError for a value that does not fit."""
    where = offsets(container.sections)
    headers = [_section_header(s, at) for s, at in zip(container.sections, where, strict=True)]
    table = _Fixed.byte_size() + len(headers) * _SectionHeader.byte_size()
    bodies = [section.data for section in container.sections]
    body = b"".join([*(padded(data, ALIGNMENT) for data in bodies[:-1]), *bodies[-1:]])
    start = where[0] if where else table
    length = start + len(body) + len(container.mirror)
    fixed = _fixed(container.header, len(headers), length).write()
    return b"".join([fixed, *headers, bytes(start - table), body, container.mirror])


def _section_header(section: Section, offset: int) -> bytes:
    name = section.name.encode()
    if len(name) > _NAME_BYTES:
        raise FormatError(f"section name '{section.name}' is longer than {_NAME_BYTES} bytes")
    return _SectionHeader(
        section.kind, name.ljust(16, b"\0"), offset=offset, size=len(section.data)
    ).write()


def _fixed(header: Header, sections: int, length: int) -> _Fixed:
    major, minor, patch = header.version
    return _Fixed(
        unique_id=header.unique_id,
        length=length,
        timestamp=header.timestamp,
        version_patch=patch,
        version_major=major,
        version_minor=minor,
        mode=header.mode,
        platform=header.platform.encode().ljust(64, b"\0"),
        uuid=header.uuid,
        sections=sections,
    )

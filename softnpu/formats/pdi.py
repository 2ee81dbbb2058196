"""Programmable device images: the container that carries an array's configuration.

A PDI for an NPU is four words of bus-width pattern, a table header, one image header, one
partition header and the partition's data: one CDO, filled up with zeros to 16 bytes. The PDIs that
AMD ships carry a compact CDO instead (see cdo_compact); they are read here, not written.

Sources: bootgen (imageheadertable-versal.h, partitionheadertable-versal.h), `-arch versal`; XRT,
xclbinutil's aie-pdi-transform (load_pdi.h).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from softnpu.errors import FormatError
from softnpu.formats import cdo, cdo_compact, cdo_merge
from softnpu.formats.identify import PDI_MAGIC, FileKind, identify, wrong_kind
from softnpu.formats.records import (
    Bytes,
    Record,
    padded,
    raw,
    text,
    u16,
    u32,
    u64,
    word_bytes,
    words,
)

ID_CODE = 0x14CA8093
EXTENDED_ID_CODE = 0x01
IMAGE_ID = 0x1C000000
IMAGE_NAME = "aie_image"
"""What mlir-aie's aiecc puts into the .bif file."""

_VERSION = 0x00040000
_BOOT_VERSIONS = (0x00020000, 0x00030000, _VERSION)
_BOOT_TABLE_AT = 0xC4
"""Where a boot header says where the image header table is (bootgen, bootheader-versal.h)."""
_PARTIAL_PDI = b"IDPP"
_NO_LOAD_ADDRESS = 0xFFFFFFFFFFFFFFFF
_CDO_ATTRIBUTES = 0x02000006
"""Partition type 2 (configuration data), exception level 3."""
_TYPE_SHIFT = 24
_TYPE_MASK = 0x7
_TYPES = ("none", "ELF", "CDO", "CFI", "raw", "raw ELF", "CFI mask", "CFI unmask")
"""Partition types by number, as bootgen shows them (readimage-versal.cpp)."""
_ALIGNMENT = 16
_MAXIMUM_HEADERS = 64


@dataclass(frozen=True)
class _TableHeader(Record):
    """The PDI's image header table: 128 bytes at 0x10."""

    version: int = u32(_VERSION)
    images: int = u32(1)
    first_image: int = u32()
    partitions: int = u32(1)
    first_partition: int = u32()
    boot_device_address: int = u32()
    id_code: int = u32(ID_CODE)
    attributes: int = u32()
    pdi_id: int = u32()
    parent_id: int = u32()
    identification: bytes = raw(4, _PARTIAL_PDI)
    header_sizes: int = u32()
    meta_header_length: int = u32()
    secure_iv: bytes = raw(12)
    key_source: int = u32()
    extended_id_code: int = u32(EXTENDED_ID_CODE)
    certificate_offset: int = u32()
    grey_iv: bytes = raw(12)
    optional_data_size: int = u32()
    reserved: bytes = raw(32)
    checksum: int = u32()


@dataclass(frozen=True)
class _ImageHeader(Record):
    """The PDI's image header: 64 bytes."""

    partition_header: int = u32()
    sections: int = u32(1)
    revoke_id: int = u32()
    attributes: int = u32()
    name: bytes = raw(16)
    id: int = u32(IMAGE_ID)
    unique_id: int = u32()
    parent_unique_id: int = u32()
    function_id: int = u32()
    copy_address: int = u64()
    pcr_number: int = u16()
    pcr_index: int = u16()
    checksum: int = u32()


@dataclass(frozen=True)
class _PartitionHeader(Record):
    """The PDI's partition header: 128 bytes."""

    encrypted_words: int = u32()
    data_words: int = u32()
    total_words: int = u32()
    next_header: int = u32()
    execution_address: int = u64()
    load_address: int = u64(_NO_LOAD_ADDRESS)
    offset: int = u32()
    attributes: int = u32(_CDO_ATTRIBUTES)
    sections: int = u32(1)
    checksum_offset: int = u32()
    unique_id: int = u32()
    certificate_offset: int = u32()
    secure_iv: bytes = raw(12)
    key_source: int = u32()
    grey_iv: bytes = raw(12)
    revoke_id: int = u32()
    reserved: bytes = raw(24)
    transform: int = u32()
    command_bytes: int = u32()
    transform_check: int = u32()
    checksum: int = u32()

    @property
    def is_compact(self) -> bool:
        """Whether the data is a compact CDO: the three words vouch for each other."""
        return (
            self.transform == cdo_compact.TRANSFORM_TYPE
            and self.transform_check == cdo_compact.check_word(self.command_bytes)
        )


@dataclass(frozen=True)
class Partition:
    """A partition's data, without the zeros that fill it up.

    Attributes:
        command_bytes: of a compact CDO, the length of its command zone; None for a plain one.
    """

    data: bytes
    attributes: int = _CDO_ATTRIBUTES
    command_bytes: int | None = None

    @property
    def type_name(self) -> str:
        """What its header says that it is."""
        return _TYPES[self.attributes >> _TYPE_SHIFT & _TYPE_MASK]

    @property
    def is_compact(self) -> bool:
        """Whether the data is a CDO in the compact form of the PDIs that AMD ships."""
        return self.command_bytes is not None

    @property
    def holds_cdo(self) -> bool:
        """Whether the data is a CDO, plain or compact."""
        return identify(self.data) is FileKind.CDO

    def cdo(self) -> cdo.Cdo:
        """The CDO in the partition; FormatError if it is something else."""
        if not self.holds_cdo:
            raise FormatError(
                f"the PDI's partition ({len(self.data)} bytes, starting "
                f"{self.data[:16].hex(' ', 4)}) is no CDO"
            )
        if self.command_bytes is not None:
            return cdo_compact.parse(self.data, self.command_bytes)
        return cdo.parse(self.data)


@dataclass(frozen=True)
class Image:
    """One image of a PDI."""

    partitions: tuple[Partition, ...]
    name: str = IMAGE_NAME
    id: int = IMAGE_ID


@dataclass(frozen=True)
class Pdi:
    """A PDI; those of NPUs have one image with one partition."""

    images: tuple[Image, ...]
    id_code: int = ID_CODE
    extended_id_code: int = EXTENDED_ID_CODE

    def cdo(self) -> cdo.Cdo:
        """The commands of all partitions, in order; FormatError if one is no CDO."""
        parsed = [p.cdo() for image in self.images for p in image.partitions]
        return cdo.Cdo(tuple(command for one in parsed for command in one.commands))


def from_cdos(files: Sequence[Bytes]) -> bytes:
    """The PDI that bootgen packs from CDO files, given in the order of the .bif file.

    mlir-aie names them elfs, init, enable.
    """
    merged = cdo_merge.merge([cdo.parse(data) for data in files])
    return build(Pdi((Image((Partition(merged),)),)))


def parse(data: Bytes) -> Pdi:
    """The PDI in `data`.

    Raises:
        FormatError: not a PDI, cut off, a wrong checksum or headers that contradict each other.
    """
    if identify(data) is not FileKind.PDI:
        raise wrong_kind(data, FileKind.PDI)
    return _read(data, len(PDI_MAGIC), (_VERSION,))


def parse_boot_image(data: Bytes) -> Pdi:
    """The images of a PDI that boots a Versal device; what they hold is not looked at.

    Raises:
        FormatError: no such PDI, cut off, a wrong checksum or headers that contradict each other.
    """
    if identify(data) is not FileKind.BOOT_IMAGE:
        raise wrong_kind(data, FileKind.BOOT_IMAGE)
    if len(data) < _BOOT_TABLE_AT + 4:
        raise FormatError("the boot image ends within its header: it is cut off")
    (at,) = words(data[_BOOT_TABLE_AT : _BOOT_TABLE_AT + 4])
    return _read(data, at, _BOOT_VERSIONS)


def _read(data: Bytes, at: int, versions: tuple[int, ...]) -> Pdi:
    """The images that the table header at a byte leads to."""
    table = _TableHeader.read(data, at)
    _check(table, at)
    if table.version not in versions:
        known = " or ".join(f"{version:#x}" for version in versions)
        raise FormatError(f"PDI of version {table.version:#x}; only {known} is known")
    if max(table.images, table.partitions) > _MAXIMUM_HEADERS:
        raise FormatError(f"PDI with {table.images} images and {table.partitions} partitions")
    images, at = [], 4 * table.first_image
    for _ in range(table.images):
        images.append(_read_image(data, at, table.partitions))
        at += _ImageHeader.byte_size()
    if sum(len(image.partitions) for image in images) != table.partitions:
        raise FormatError(f"the PDI's header says {table.partitions} partitions, its images differ")
    return Pdi(tuple(images), table.id_code, table.extended_id_code)


def _read_image(data: Bytes, at: int, limit: int) -> Image:
    header = _ImageHeader.read(data, at)
    _check(header, at)
    if header.sections > limit:
        raise FormatError(f"the PDI's image at byte {at:#x} has {header.sections} partitions")
    partitions, where = [], 4 * header.partition_header
    for _ in range(header.sections):
        partitions.append(_read_partition(data, where))
        where += _PartitionHeader.byte_size()
    return Image(tuple(partitions), text(header.name), header.id)


def _read_partition(data: Bytes, at: int) -> Partition:
    header = _PartitionHeader.read(data, at)
    if header.is_compact:
        return _read_compact(header, data, at)
    _check(header, at)
    if header.encrypted_words != header.total_words:
        raise FormatError(f"the PDI's partition at byte {at:#x} is encrypted or signed")
    start, size = 4 * header.offset, 4 * header.data_words
    if size > 4 * header.total_words or start + 4 * header.total_words > len(data):
        raise FormatError(
            f"the PDI's partition data (bytes {start:#x} to {start + 4 * header.total_words:#x}) "
            f"lie outside the file of {len(data)} bytes: it is cut off"
        )
    return Partition(bytes(data[start : start + size]), header.attributes)


def _read_compact(header: _PartitionHeader, data: Bytes, at: int) -> Partition:
    """The lengths and the checksum in the header are still those of the plain CDO."""
    _check(replace(header, transform=0, command_bytes=0, transform_check=0), at)
    start = 4 * header.offset
    if start >= len(data):
        raise FormatError(f"the PDI's partition data at byte {start:#x} lie outside the file")
    return Partition(bytes(data[start:]), header.attributes, header.command_bytes)


def _check(header: _TableHeader | _ImageHeader | _PartitionHeader, at: int) -> None:
    end = at + header.byte_size() - 4
    expected = cdo.checksum(header.write()[:-4])
    if header.checksum != expected:
        raise FormatError(
            f"the PDI header's checksum at byte {end:#x} should be {expected:#010x}, "
            f"it is {header.checksum:#010x}"
        )


def build(pdi: Pdi) -> bytes:
    """The bytes of `pdi`, laid out as bootgen does for one image with one partition.

    Raises:
        FormatError: more images or partitions, or data that are no whole words.
    """
    if len(pdi.images) != 1 or len(pdi.images[0].partitions) != 1:
        raise FormatError("a PDI for an NPU has one image with one partition")
    image = pdi.images[0]
    partition = image.partitions[0]
    if partition.is_compact:
        raise FormatError("a PDI with a compact CDO cannot be written")
    name = image.name.encode()
    if len(name) > 15:
        raise FormatError(f"the PDI image's name '{image.name}' is longer than 15 bytes")
    if len(partition.data) % 4:
        raise FormatError(f"a PDI partition of {len(partition.data)} bytes is no whole words")
    image_at = len(PDI_MAGIC) + _TableHeader.byte_size()
    partition_at = image_at + _ImageHeader.byte_size()
    data_at = partition_at + _PartitionHeader.byte_size()
    data = padded(partition.data, _ALIGNMENT)
    table = _TableHeader(
        first_image=image_at // 4,
        first_partition=partition_at // 4,
        id_code=pdi.id_code,
        extended_id_code=pdi.extended_id_code,
        header_sizes=_header_sizes(),
        meta_header_length=(data_at - image_at) // 4,
    )
    image_header = _ImageHeader(
        partition_header=partition_at // 4, name=name.ljust(16, b"\0"), id=image.id
    )
    partition_header = _PartitionHeader(
        encrypted_words=len(data) // 4,
        data_words=len(partition.data) // 4,
        total_words=len(data) // 4,
        offset=data_at // 4,
        attributes=partition.attributes,
    )
    headers: tuple[Record, ...] = (table, image_header, partition_header)
    return PDI_MAGIC + b"".join(_with_checksum(header) for header in headers) + data


def _header_sizes() -> int:
    """Words of the three headers, a byte each."""
    records: tuple[type[Record], ...] = (_TableHeader, _ImageHeader, _PartitionHeader)
    return sum(record.byte_size() // 4 << 8 * n for n, record in enumerate(records))


def _with_checksum(header: Record) -> bytes:
    """The header as bytes, its last word made the checksum of what precedes."""
    body = header.write()[:-4]
    return body + word_bytes([cdo.checksum(body)])

"""The AIE_PARTITION section: where the array's configuration (PDI) may run, and the PDI itself.

Source: XRT, xrt/detail/xclbin.h (`aie_partition`) and xclbinutil's SectionAIEPartition.cxx, whose
order of pieces this keeps.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from softnpu.errors import FormatError
from softnpu.formats.records import Record, padded, raw, u8, u16, u32, u64

PRIMARY = 1
CDO_TYPES = ("UNKNOWN", "PRIMARY", "LITE", "PRE_POST")


@dataclass(frozen=True)
class CdoGroup:
    """What a PDI is for: `kernel_ids` name the kernels that may run on it."""

    kernel_ids: tuple[int, ...]
    name: str = "DPU"
    type: int = PRIMARY
    pdi_id: int = 1
    pre_cdo_groups: tuple[int, ...] = (0xC1,)


@dataclass(frozen=True)
class PartitionPdi:
    """One PDI of a partition, with its 16-byte uuid."""

    image: bytes
    groups: tuple[CdoGroup, ...]
    uuid: bytes


@dataclass(frozen=True)
class Partition:
    """The columns that a design needs, where they may start, and its PDIs.

    Attributes:
        operations_per_cycle, inference_fingerprint, pre_post_fingerprint: what aiecc writes; the
            driver uses the first as a measure of load.
    """

    columns: int
    start_columns: tuple[int, ...]
    pdis: tuple[PartitionPdi, ...]
    operations_per_cycle: int = 2048
    inference_fingerprint: int = 23423
    pre_post_fingerprint: int = 12345
    name: str = ""
    commit_id: str = ""


@dataclass(frozen=True)
class _PartitionRecord(Record):
    """The AIE partition's header: 184 bytes."""

    schema: int = u8()
    padding: bytes = raw(3)
    name: int = u32()
    operations_per_cycle: int = u32()
    padding_2: bytes = raw(4)
    inference_fingerprint: int = u64()
    pre_post_fingerprint: int = u64()
    columns: int = u16()
    padding_3: bytes = raw(6)
    start_count: int = u32()
    start_offset: int = u32()
    reserved: bytes = raw(72)
    pdi_count: int = u32()
    pdi_offset: int = u32()
    commit_id: int = u32()
    reserved_2: bytes = raw(52)


@dataclass(frozen=True)
class _PdiRecord(Record):
    """The AIE partition's PDI entry: 96 bytes."""

    uuid: bytes = raw(16)
    image_size: int = u32()
    image_offset: int = u32()
    group_count: int = u32()
    group_offset: int = u32()
    reserved: bytes = raw(64)


@dataclass(frozen=True)
class _GroupRecord(Record):
    """The AIE partition's CDO group entry: 96 bytes."""

    name: int = u32()
    type: int = u8()
    padding: bytes = raw(3)
    pdi_id: int = u64()
    kernel_count: int = u32()
    kernel_offset: int = u32()
    pre_count: int = u32()
    pre_offset: int = u32()
    reserved: bytes = raw(64)


_MAXIMUM_COUNT = 0x1000


def parse(data: bytes) -> Partition:
    """The partition in an AIE_PARTITION section; FormatError if it does not hold together."""
    record = _PartitionRecord.read(data)
    start = _array(data, "H", record.start_offset, record.start_count)
    size = _PdiRecord.byte_size()
    pdis = [
        _PdiRecord.read(data, record.pdi_offset + n * size)
        for n in _range(record.pdi_count, "PDIs")
    ]
    if sum(pdi.image_size for pdi in pdis) > len(data):
        raise FormatError("the AIE partition's PDIs say that they are longer than the section")
    return Partition(
        record.columns,
        start,
        tuple(_parse_pdi(data, pdi) for pdi in pdis),
        record.operations_per_cycle,
        record.inference_fingerprint,
        record.pre_post_fingerprint,
        _string(data, record.name),
        _string(data, record.commit_id),
    )


def _parse_pdi(data: bytes, record: _PdiRecord) -> PartitionPdi:
    _within(data, record.image_offset, record.image_size, "PDI")
    image = data[record.image_offset : record.image_offset + record.image_size]
    groups = tuple(
        _parse_group(data, record.group_offset + n * _GroupRecord.byte_size())
        for n in _range(record.group_count, "CDO groups")
    )
    return PartitionPdi(image, groups, record.uuid)


def _parse_group(data: bytes, at: int) -> CdoGroup:
    record = _GroupRecord.read(data, at)
    return CdoGroup(
        _array(data, "Q", record.kernel_offset, record.kernel_count),
        _string(data, record.name),
        record.type,
        record.pdi_id,
        _array(data, "Q", record.pre_offset, record.pre_count),
    )


def _range(count: int, what: str) -> range:
    if count > _MAXIMUM_COUNT:
        raise FormatError(f"the AIE partition says that it has {count} {what}")
    return range(count)


def _within(data: bytes, offset: int, size: int, what: str) -> None:
    if offset + size > len(data):
        raise FormatError(
            f"the AIE partition's {what} ({size} bytes at {offset:#x}) lies outside the section "
            f"of {len(data)} bytes"
        )


def _array(data: bytes, code: str, offset: int, count: int) -> tuple[int, ...]:
    layout = struct.Struct(f"<{len(_range(count, 'elements'))}{code}")
    _within(data, offset, layout.size, "array")
    return layout.unpack_from(data, offset) if count else ()


def _string(data: bytes, offset: int) -> str:
    end = data.find(b"\0", offset)
    if end < 0:
        raise FormatError(f"the AIE partition's name at {offset:#x} lies outside the section")
    return data[offset:end].decode("utf-8", "replace")


class _Heap:
    """What follows the section's header, each piece aligned to 8 bytes."""

    def __init__(self, start: int) -> None:
        self.at = start
        self.pieces: list[bytes] = []

    def add(self, data: bytes) -> int:
        """Appends `data` and tells where it starts."""
        start = self.at
        piece = padded(data, 8)
        self.pieces.append(piece)
        self.at += len(piece)
        return start

    def add_string(self, string: str) -> int:
        return self.add(string.encode() + b"\0")

    def add_array(self, code: str, values: tuple[int, ...]) -> int:
        """Where the array starts; an empty one takes no place and starts at 0."""
        try:
            return self.add(struct.pack(f"<{len(values)}{code}", *values)) if values else 0
        except struct.error as error:
            raise FormatError(f"AIE partition: {error} in {values}") from error


def build(partition: Partition) -> bytes:
    """The AIE_PARTITION section; FormatError for a partition that xclbinutil would not take."""
    _check(partition)
    heap = _Heap(_PartitionRecord.byte_size())
    name = heap.add_string(partition.name)
    commit_id = heap.add_string(partition.commit_id)
    start = heap.add_array("H", partition.start_columns)
    pdis = b"".join([_pdi_record(pdi, heap).write() for pdi in partition.pdis])
    record = _PartitionRecord(
        name=name,
        operations_per_cycle=partition.operations_per_cycle,
        inference_fingerprint=partition.inference_fingerprint,
        pre_post_fingerprint=partition.pre_post_fingerprint,
        columns=partition.columns,
        start_count=len(partition.start_columns),
        start_offset=start,
        pdi_count=len(partition.pdis),
        pdi_offset=heap.add(pdis),
        commit_id=commit_id,
    )
    return record.write() + b"".join(heap.pieces)


def _check(partition: Partition) -> None:
    if not partition.columns or not partition.start_columns:
        raise FormatError("an AIE partition needs columns and at least one start column")
    if not partition.pdis or not all(pdi.groups for pdi in partition.pdis):
        raise FormatError("an AIE partition needs a PDI, and the PDI a CDO group")
    if any(len(pdi.uuid) != 16 for pdi in partition.pdis):
        raise FormatError("a PDI's uuid has 16 bytes")


def _pdi_record(pdi: PartitionPdi, heap: _Heap) -> _PdiRecord:
    image = heap.add(pdi.image)
    groups = b"".join([_group_record(group, heap).write() for group in pdi.groups])
    return _PdiRecord(pdi.uuid, len(pdi.image), image, len(pdi.groups), heap.add(groups))


def _group_record(group: CdoGroup, heap: _Heap) -> _GroupRecord:
    name = heap.add_string(group.name)
    kernels = heap.add_array("Q", group.kernel_ids)
    pre = heap.add_array("Q", group.pre_cdo_groups)
    return _GroupRecord(
        name,
        group.type,
        pdi_id=group.pdi_id,
        kernel_count=len(group.kernel_ids),
        kernel_offset=kernels,
        pre_count=len(group.pre_cdo_groups),
        pre_offset=pre,
    )

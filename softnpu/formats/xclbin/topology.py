"""The sections that say which memories there are and which kernel argument may lie in which.

Source: XRT, xrt/detail/xclbin.h (`mem_topology`, `connectivity`, `ip_layout`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from softnpu.errors import FormatError
from softnpu.formats.records import Bytes, Record, i32, raw, text, u8, u16, u32, u64

MEMORY_TYPES = (
    "MEM_DDR3",
    "MEM_DDR4",
    "MEM_DRAM",
    "MEM_STREAMING",
    "MEM_PREALLOCATED_GLOB",
    "MEM_ARE",
    "MEM_HBM",
    "MEM_BRAM",
    "MEM_URAM",
    "MEM_STREAMING_CONNECTION",
)
DRAM = MEMORY_TYPES.index("MEM_DRAM")

PS_KERNEL = 7
"""The IP type of a kernel without an address of its own, as an NPU's."""
SUBTYPES = ("PS", "DPU")
DPU = SUBTYPES.index("DPU")
FUNCTIONS = ("DPU", "PrePost")
NO_ADDRESS = 0xFFFFFFFFFFFFFFFF


@dataclass(frozen=True)
class Memory:
    """A memory bank; its index in the topology is what connections and group ids name."""

    tag: str
    size_kb: int
    base_address: int
    type: int = DRAM
    used: bool = True


@dataclass(frozen=True)
class Connection:
    """Kernel argument `argument` of instance `instance` may lie in memory `memory`."""

    argument: int
    instance: int
    memory: int


@dataclass(frozen=True)
class Instance:
    """An instance of a kernel, called "kernel:instance".

    Attributes:
        subtype: 1 (DPU) for an NPU's kernel.
        kernel_id: by which the partition names the kernels that a PDI serves; 12 bits.
    """

    name: str
    kernel_id: int
    subtype: int = DPU
    functional: int = 0
    type: int = PS_KERNEL
    base_address: int = NO_ADDRESS


@dataclass(frozen=True)
class _MemoryRecord(Record):
    """The xclbin's memory entry: 40 bytes."""

    type: int = u8()
    used: int = u8()
    padding: bytes = raw(6)
    size_kb: int = u64()
    base_address: int = u64()
    tag: bytes = raw(16)


@dataclass(frozen=True)
class _ConnectionRecord(Record):
    """The xclbin's connection entry: 12 bytes."""

    argument: int = i32()
    instance: int = i32()
    memory: int = i32()


@dataclass(frozen=True)
class _InstanceRecord(Record):
    """The xclbin's IP layout entry: 80 bytes."""

    type: int = u32()
    properties: int = u16()
    kernel_id: int = u16()
    base_address: int = u64()
    name: bytes = raw(64)


@dataclass(frozen=True)
class _Count(Record):
    """The count at the start of an xclbin section."""

    value: int = u32()


_FUNCTIONAL_SHIFT = 4
_TWO_BITS = 0x3
_KERNEL_ID_MASK = 0xFFF
_MAXIMUM_COUNT = 0x10000


def _count(data: Bytes) -> int:
    count = _Count.read(data).value
    if count > _MAXIMUM_COUNT:
        raise FormatError(f"a section of the xclbin says that it has {count} entries")
    return count


def parse_memories(data: Bytes) -> tuple[Memory, ...]:
    """The memories of a MEM_TOPOLOGY or GROUP_TOPOLOGY section."""
    size = _MemoryRecord.byte_size()
    records = [_MemoryRecord.read(data, 8 + n * size) for n in range(_count(data))]
    return tuple(
        Memory(text(r.tag), r.size_kb, r.base_address, r.type, bool(r.used)) for r in records
    )


def build_memories(memories: Sequence[Memory]) -> bytes:
    """The section that holds `memories`."""
    records = [
        _MemoryRecord(
            m.type, int(m.used), bytes(6), m.size_kb, m.base_address, _fitting(m.tag, 16)
        ).write()
        for m in memories
    ]
    return _Count(len(records)).write() + bytes(4) + b"".join(records)


def parse_connections(data: Bytes) -> tuple[Connection, ...]:
    """The connections of a CONNECTIVITY or GROUP_CONNECTIVITY section."""
    size = _ConnectionRecord.byte_size()
    records = [_ConnectionRecord.read(data, 4 + n * size) for n in range(_count(data))]
    return tuple(Connection(r.argument, r.instance, r.memory) for r in records)


def build_connections(connections: Sequence[Connection]) -> bytes:
    """The section that holds `connections`."""
    records = [_ConnectionRecord(c.argument, c.instance, c.memory).write() for c in connections]
    return _Count(len(records)).write() + b"".join(records)


def parse_instances(data: Bytes) -> tuple[Instance, ...]:
    """The kernel instances of an IP_LAYOUT section."""
    size = _InstanceRecord.byte_size()
    records = [_InstanceRecord.read(data, 8 + n * size) for n in range(_count(data))]
    return tuple(
        Instance(
            text(r.name),
            r.kernel_id & _KERNEL_ID_MASK,
            r.properties & _TWO_BITS,
            r.properties >> _FUNCTIONAL_SHIFT & _TWO_BITS,
            r.type,
            r.base_address,
        )
        for r in records
    )


def build_instances(instances: Sequence[Instance]) -> bytes:
    """The section that holds `instances`."""
    records = [
        _InstanceRecord(
            i.type,
            i.subtype | i.functional << _FUNCTIONAL_SHIFT,
            i.kernel_id,
            i.base_address,
            _fitting(i.name, 64),
        ).write()
        for i in instances
    ]
    return _Count(len(records)).write() + bytes(4) + b"".join(records)


def _fitting(name: str, size: int) -> bytes:
    encoded = name.encode()
    if len(encoded) >= size:
        raise FormatError(f"'{name}' is longer than the {size - 1} bytes that an xclbin has for it")
    return encoded.ljust(size, b"\0")


def grouped(connections: Sequence[Connection]) -> tuple[Connection, ...]:
    """What xclbinutil writes as GROUP_CONNECTIVITY: the connections sorted, then as they are.

    It also joins neighbouring memories that one argument may use into a group. No argument of an
    NPU's kernel has two memories, so there is nothing to join; FormatError if there is.
    """
    pairs = [(c.instance, c.argument) for c in connections]
    if len(set(pairs)) != len(pairs):
        raise FormatError("a kernel argument is connected to more than one memory")
    ordered = sorted(connections, key=lambda c: (c.instance, c.argument))
    return (*ordered, *connections)

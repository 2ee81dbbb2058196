"""What an NPU's xclbin holds, as structured data: `build` writes it, `Xclbin.spec` reads it.

The defaults are what mlir-aie's aiecc hands to xclbinutil: one kernel MLIR_AIE with an opcode, an
instruction buffer, its length, and host buffers, five at least. Source: mlir-aie, aiecc.cpp
(`generateMemTopologyJson`, `generateKernelsJson`, `generatePartitionJson`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from softnpu.errors import FormatError
from softnpu.formats.xclbin import container, metadata, mirror, partition, topology
from softnpu.formats.xclbin.container import Container, Header, Section, SectionKind
from softnpu.formats.xclbin.metadata import GLOBAL, Argument, Kernel
from softnpu.formats.xclbin.partition import CdoGroup, Partition, PartitionPdi
from softnpu.formats.xclbin.topology import Connection, Instance, Memory

if TYPE_CHECKING:
    from softnpu.arch.device import Device

KERNEL_NAME = "MLIR_AIE"
INSTANCE_NAME = "MLIRAIE"
KERNEL_ID = 0x901
HOST_BUFFERS = 5
"""Host buffers that a kernel's signature has room for, even if fewer are used."""
FIRST_BUFFER_ARGUMENT = 3
"""The kernel argument that buffer bo0 is."""
PDI_UUID = bytes.fromhex("00112233445566778899aabbccddeeff")
"""The PDI's uuid: nothing reads it, so one that never changes keeps artifacts reproducible."""

MEMORIES = (Memory("HOST", 0x10000, 0x4000000), Memory("SRAM", 0xC000, 0x4000000))
_ARGUMENTS = (
    Argument("opcode", "uint64_t", "0x00"),
    Argument("instr", "char *", "0x8", GLOBAL, "SRAM"),
    Argument("ninstr", "uint32_t", "0x10"),
)
_FIRST_BUFFER_OFFSET, _BUFFER_BYTES = 0x14, 8

_NAME_BYTES = 15
MEMORIES_JSON, PARTITION_JSON = "memTopology_{}.json", "partition_{}.json"
"""What aiecc of 1.4 calls the texts of two sections, by the device's name."""


def section_name(text: str) -> str:
    """What xclbinutil calls a section that it reads from a text (XRT, XclBinClass.cxx: the file's
    name without its ending, as much as there is room for)."""
    return Path(text).stem[:_NAME_BYTES]


@dataclass(frozen=True)
class KernelIdentity:
    """What a kernel is called: its name, its instance's, and the id that XRT knows it by."""

    name: str = KERNEL_NAME
    instance: str = INSTANCE_NAME
    number: int = KERNEL_ID


DEFAULT_IDENTITY = KernelIdentity()
"""What aiecc calls a kernel unless it is told otherwise."""


def default_kernel(identity: KernelIdentity = DEFAULT_IDENTITY, buffers: int = 0) -> Kernel:
    """The kernel of an mlir-aie design whose runtime sequence takes so many host buffers."""
    declared = tuple(map(_buffer, range(max(buffers, HOST_BUFFERS))))
    arguments = (*_ARGUMENTS, *declared)
    return Kernel(identity.name, (identity.instance,), f"{identity.number:#x}", arguments)


def _buffer(number: int) -> Argument:
    offset = _FIRST_BUFFER_OFFSET + _BUFFER_BYTES * number
    return Argument(f"bo{number}", "void*", f"{offset:#x}", GLOBAL, "HOST")


@dataclass(frozen=True)
class XclbinSpec:
    """What an xclbin is built from.

    Attributes:
        partition: the columns and the PDI.
        memory_section, partition_section: names of two sections, which xclbinutil takes from the
            JSON files that it is given; at most 15 bytes.
        marks: key-value pairs in a section of their own, e.g. the instruction set of stand-in
            cores; XRT keeps such a section without looking at it. With no marks the section is
            absent and the file is as AMD's tools write it.
        timestamp: seconds since 1970.
        uuid: 16 bytes; None for one derived from the contents.
    """

    partition: Partition
    kernels: tuple[Kernel, ...] = field(default_factory=lambda: (default_kernel(),))
    memories: tuple[Memory, ...] = MEMORIES
    memory_section: str = section_name(MEMORIES_JSON.format("main"))
    partition_section: str = section_name(PARTITION_JSON.format("main"))
    marks: tuple[tuple[str, str], ...] = ()
    timestamp: int = 0
    uuid: bytes | None = None


def spec_for(
    device: Device,
    pdi: bytes,
    *,
    design: str = "main",
    buffers: int = 0,
    identity: KernelIdentity = DEFAULT_IDENTITY,
    marks: Sequence[tuple[str, str]] = (),
    timestamp: int = 0,
) -> XclbinSpec:
    """The xclbin of a design on `device` whose array configuration is `pdi`.

    Args:
        design: the name of the `aie.device` op, by which aiecc calls its JSON files.
        buffers: the host buffers that its runtime sequence takes.
        identity: what the kernel is called.
    """
    group = CdoGroup((identity.number,))
    return XclbinSpec(
        Partition(device.columns, device.start_columns, (PartitionPdi(pdi, (group,), PDI_UUID),)),
        kernels=(default_kernel(identity, buffers),),
        memory_section=section_name(MEMORIES_JSON.format(design)),
        partition_section=section_name(PARTITION_JSON.format(design)),
        marks=tuple(marks),
        timestamp=timestamp,
    )


def build(spec: XclbinSpec) -> bytes:
    """The xclbin file; FormatError for what does not fit its format.

    Nothing but `spec` goes into it: the same spec gives the same bytes.
    """
    sections = _sections(spec)
    header = Header(
        timestamp=spec.timestamp,
        uuid=spec.uuid if spec.uuid is not None else content_uuid(sections),
        unique_id=spec.timestamp,
    )
    made = Container(header, sections)
    return container.build(replace(made, mirror=mirror.mirror(made)))


def content_uuid(sections: Sequence[Section]) -> bytes:
    """Sixteen bytes that change whenever a section does."""
    import hashlib

    digest = hashlib.sha256()
    for section in sections:
        digest.update(f"{section.kind} {section.name} {len(section.data)}\n".encode())
        digest.update(section.data)
    return digest.digest()[:16]


def _sections(spec: XclbinSpec) -> tuple[Section, ...]:
    """In the order that xclbinutil writes them for aiecc."""
    connections = _connections(spec)
    sections = [
        Section(
            SectionKind.MEM_TOPOLOGY,
            topology.build_memories(spec.memories),
            spec.memory_section,
        ),
        Section(
            SectionKind.AIE_PARTITION,
            partition.build(spec.partition),
            spec.partition_section,
        ),
        Section(SectionKind.EMBEDDED_METADATA, metadata.build_kernels(spec.kernels)),
        Section(SectionKind.IP_LAYOUT, topology.build_instances(_instances(spec.kernels))),
        Section(SectionKind.CONNECTIVITY, topology.build_connections(connections)),
        Section(
            SectionKind.GROUP_CONNECTIVITY,
            topology.build_connections(topology.grouped(connections)),
        ),
        Section(SectionKind.GROUP_TOPOLOGY, topology.build_memories(spec.memories)),
    ]
    if spec.marks:
        data = metadata.build_key_values(spec.marks)
        sections.append(Section(SectionKind.KEYVALUE_METADATA, data))
    return tuple(sections)


def _instances(kernels: Sequence[Kernel]) -> list[Instance]:
    return [
        Instance(f"{kernel.name}:{name}", _kernel_id(kernel), kernel.subtype, kernel.functional)
        for kernel in kernels
        for name in kernel.instances
    ]


def _kernel_id(kernel: Kernel) -> int:
    try:
        return int(kernel.kernel_id, 0)
    except ValueError as error:
        raise FormatError(f"kernel '{kernel.name}' has the id '{kernel.kernel_id}'") from error


def _connections(spec: XclbinSpec) -> list[Connection]:
    tags = [memory.tag for memory in spec.memories]
    connections = []
    instance = 0
    for kernel in spec.kernels:
        for _ in kernel.instances:
            for index, argument in enumerate(kernel.arguments):
                if argument.memory is not None:
                    memory = _memory_index(tags, argument)
                    connections.append(Connection(index, instance, memory))
            instance += 1
    return connections


def _memory_index(tags: list[str], argument: Argument) -> int:
    if argument.memory not in tags:
        raise FormatError(
            f"kernel argument '{argument.name}' is in memory '{argument.memory}'; "
            f"there are {', '.join(tags)}"
        )
    return tags.index(argument.memory)

"""An xclbin as a reader sees it: kernels, arguments, memories, the partition and its PDIs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from softnpu.errors import FormatError
from softnpu.formats.records import Bytes
from softnpu.formats.xclbin import container, metadata, partition, topology
from softnpu.formats.xclbin.container import Container, Header, SectionKind
from softnpu.formats.xclbin.metadata import Kernel
from softnpu.formats.xclbin.partition import Partition
from softnpu.formats.xclbin.spec import XclbinSpec
from softnpu.formats.xclbin.topology import Connection, Instance, Memory

NO_BANK = 0xFFFF
"""The bank of a group id that means "not connected": what a scalar argument has."""


@dataclass(frozen=True)
class Xclbin:
    """A parsed xclbin; each section is decoded when it is first asked for.

    The properties raise FormatError when their section is missing or damaged.
    """

    container: Container

    @property
    def header(self) -> Header:
        """Timestamp, uuid and the like."""
        return self.container.header

    @cached_property
    def partition(self) -> Partition:
        """The columns and the PDIs."""
        return partition.parse(self.container.require(SectionKind.AIE_PARTITION).data)

    @cached_property
    def kernels(self) -> tuple[Kernel, ...]:
        """The kernels, their arguments with the memories that they are connected to."""
        section = self.container.section(SectionKind.EMBEDDED_METADATA)
        if section is None:
            raise FormatError(
                "the xclbin has no EMBEDDED_METADATA section, so no kernel can be found in it "
                "(XRT says: No valid DPU kernel found in xclbin)"
            )
        kernels = metadata.parse_kernels(section.data)
        return tuple(self._with_memories(kernel) for kernel in kernels)

    @cached_property
    def instances(self) -> tuple[Instance, ...]:
        """The kernel instances, in the order that connections number them."""
        return topology.parse_instances(self.container.require(SectionKind.IP_LAYOUT).data)

    @cached_property
    def memories(self) -> tuple[Memory, ...]:
        """The memories without groups."""
        return topology.parse_memories(self.container.require(SectionKind.MEM_TOPOLOGY).data)

    @cached_property
    def group_memories(self) -> tuple[Memory, ...]:
        """The memories and groups of memories that group ids name by index."""
        section = self.container.section(SectionKind.GROUP_TOPOLOGY)
        return topology.parse_memories(section.data) if section else self.memories

    @cached_property
    def connections(self) -> tuple[Connection, ...]:
        """Which argument may lie in which memory, as XRT looks it up."""
        section = self.container.section(SectionKind.GROUP_CONNECTIVITY)
        if section is None:
            section = self.container.require(SectionKind.CONNECTIVITY)
        return topology.parse_connections(section.data)

    @cached_property
    def marks(self) -> dict[str, str]:
        """The key-value pairs that npuforge puts into artifacts; empty for others."""
        section = self.container.section(SectionKind.KEYVALUE_METADATA)
        return dict(metadata.parse_key_values(section.data)) if section else {}

    def kernel(self, name: str) -> Kernel:
        """The kernel called `name`; FormatError naming those that there are."""
        for kernel in self.kernels:
            if kernel.name == name:
                return kernel
        there = ", ".join(kernel.name for kernel in self.kernels) or "none"
        raise FormatError(f"the xclbin has no kernel '{name}'; it has: {there}")

    def instance_index(self, kernel: Kernel) -> int | None:
        """The number by which connections name a kernel's first instance, None without one."""
        names = [instance.name for instance in self.instances]
        first = f"{kernel.name}:{kernel.instances[0]}" if kernel.instances else ""
        return names.index(first) if first in names else None

    def memory_index(self, argument: int, instance: int = 0) -> int | None:
        """The memory that a buffer for `argument` belongs in, None for a scalar.

        XRT takes the last of an argument's memories, which is the group if there is one.
        """
        found = [
            c.memory for c in self.connections if c.argument == argument and c.instance == instance
        ]
        return max(found, default=None)

    def group_id(self, argument: int, slot: int = 1, instance: int = 0) -> int:
        """What pyxrt's `kernel.group_id(argument)` answers: bank | slot << 16.

        The bank of an argument without a memory is all ones (XRT, xrt_kernel.cpp).
        """
        memory = self.memory_index(argument, instance)
        return (NO_BANK if memory is None else memory & NO_BANK) | slot << 16

    def spec(self) -> XclbinSpec:
        """What this xclbin could be built from again."""
        marks = self.container.section(SectionKind.KEYVALUE_METADATA)
        return XclbinSpec(
            self.partition,
            self.kernels,
            self.memories,
            self.container.require(SectionKind.MEM_TOPOLOGY).name,
            self.container.require(SectionKind.AIE_PARTITION).name,
            metadata.parse_key_values(marks.data) if marks else (),
            self.header.timestamp,
            self.header.uuid,
        )

    def _with_memories(self, kernel: Kernel) -> Kernel:
        """`kernel`, each argument with the tag of its memory."""
        instance = self.instance_index(kernel)
        if instance is None:
            return kernel
        arguments = []
        for index, argument in enumerate(kernel.arguments):
            memory = self.memory_index(index, instance)
            arguments.append(replace(argument, memory=self._tag(memory)))
        return replace(kernel, arguments=tuple(arguments))

    def _tag(self, memory: int | None) -> str | None:
        if memory is None:
            return None
        if not 0 <= memory < len(self.group_memories):
            raise FormatError(f"the xclbin connects an argument to memory {memory}, which is none")
        return self.group_memories[memory].tag


def parse(data: Bytes) -> Xclbin:
    """The xclbin in `data`; FormatError if it is none or is cut off."""
    return Xclbin(container.parse(data))

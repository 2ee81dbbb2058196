"""Xclbins for a host in another process: all that XRT's C++ classes tell of them, at once."""

from __future__ import annotations

from collections.abc import Iterator

from softnpu.emulator.xrt.image import xclbin
from softnpu.emulator.xrt.remote_host import Answer, Host, Operations
from softnpu.emulator.xrt.wire import Field
from softnpu.formats.xclbin import SectionKind
from softnpu.formats.xclbin.metadata import Argument, Kernel

_DPU = 3
"""xrt::xclbin::kernel::kernel_type::dpu."""


def _open_xclbin(host: Host, filename: bytes) -> Answer:
    return told_xclbin(host, xclbin(filename.decode()))


def _xclbin_of(host: Host, data: bytes) -> Answer:
    return told_xclbin(host, xclbin.of_data(data))


def told_xclbin(host: Host, image: xclbin) -> Iterator[Field]:
    """All that the public class tells, in the order in which xclbin.cpp reads it."""
    parsed = image.parsed
    yield from (host.keep(image), image.get_uuid().to_string(), image.data)
    yield len(parsed.memories)
    for memory in parsed.memories:
        yield from (memory.tag, memory.base_address, memory.size_kb, memory.used, memory.type)
    yield len(parsed.kernels)
    for declared in parsed.kernels:
        yield from _told_kernel(image, declared)


def _told_kernel(image: xclbin, declared: Kernel) -> Iterator[Field]:
    parsed = image.parsed
    yield from (declared.name, _DPU, len(declared.arguments))
    instance = parsed.instance_index(declared) or 0
    for index, argument in enumerate(declared.arguments):
        wanted = (instance, index)
        memories = [c.memory for c in parsed.connections if (c.instance, c.argument) == wanted]
        yield from _told_argument(argument, [m for m in memories if m < len(parsed.memories)])
    instances = [i for i in parsed.instances if i.name.split(":")[0] == declared.name]
    yield len(instances)
    for one in instances:
        yield from (one.name, one.base_address)


def _told_argument(argument: Argument, memories: list[int]) -> Answer:
    offset = int(argument.offset, 0)
    told = (argument.name, "", argument.type, argument.size, offset)
    return (*told, len(memories), *memories)


def _partition(host: Host, image: int) -> Answer:
    part = host.get(image, "xrt::xclbin").parsed.partition
    return [part.inference_fingerprint, part.pre_post_fingerprint, part.operations_per_cycle]


def _section(host: Host, image: int, kind: int) -> Answer:
    opened: xclbin = host.get(image, "xrt::xclbin")
    section = opened.parsed.container.section(SectionKind(kind))
    return [-1, 0] if section is None else [opened.data.find(section.data), len(section.data)]


OPERATIONS: Operations = {
    "xclbin.open": _open_xclbin,
    "xclbin.of_data": _xclbin_of,
    "xclbin.partition": _partition,
    "xclbin.section": _section,
}

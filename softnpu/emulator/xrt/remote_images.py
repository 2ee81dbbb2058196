"""Xclbins and ELFs for a host in another process: what XRT's C++ classes tell of them, at once."""

from __future__ import annotations

from collections.abc import Iterator

from softnpu.emulator.xrt.configuration import elf, module
from softnpu.emulator.xrt.image import xclbin
from softnpu.emulator.xrt.remote_host import Answer, Host, Operations
from softnpu.emulator.xrt.wire import Field
from softnpu.formats.xclbin import SectionKind
from softnpu.formats.xclbin.metadata import Argument, Kernel

_GLOBAL = 1
"""xrt::elf::kernel::data_type::global."""

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


def _open_elf(host: Host, filename: bytes) -> Answer:
    return _told_elf(host, elf(filename.decode()))


def _elf_of(host: Host, data: bytes) -> Answer:
    return _told_elf(host, elf.of_data(data))


def _told_elf(host: Host, opened: elf) -> Iterator[Field]:
    """What elf.cpp reads, in its order."""
    job = opened.job
    yield from (host.keep(opened), opened.data, opened.get_cfg_uuid().to_string())
    yield from (job.is_full, job.platform, job.columns or 0)
    kernels = {code.kernel: code.arguments or 0 for code in job.codes if code.kernel}
    yield len(kernels)
    for name, arguments in kernels.items():
        instances = [code.instance for code in job.codes if code.kernel == name]
        yield from (name, arguments)
        yield from [_GLOBAL] * arguments
        yield len(instances)
        yield from instances


def _elf_section(host: Host, number: int, name: bytes) -> Answer:
    opened: elf = host.get(number, "xrt::elf")
    found = opened.job.custom.get(name.decode())
    if found is None:
        raise RuntimeError(
            f"Cannot get custom section {name.decode()} data, section not found in ELF"
        )
    return [opened.data.find(found), len(found)]


def _open_module(host: Host, number: int, name: bytes) -> Answer:
    del name
    return [host.keep(module(host.get(number, "xrt::elf")))]


OPERATIONS: Operations = {
    "elf.open": _open_elf,
    "elf.of_data": _elf_of,
    "elf.section": _elf_section,
    "module.open": _open_module,
    "xclbin.open": _open_xclbin,
    "xclbin.of_data": _xclbin_of,
    "xclbin.partition": _partition,
    "xclbin.section": _section,
}

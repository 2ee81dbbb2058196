"""xclbin: the file that XRT loads. `build(spec_for(device, pdi))` writes one, `parse` reads it."""

from softnpu.formats.xclbin.container import (
    Container,
    Header,
    Section,
    SectionKind,
    kind_name,
)
from softnpu.formats.xclbin.metadata import Argument, Kernel
from softnpu.formats.xclbin.partition import CdoGroup, Partition, PartitionPdi
from softnpu.formats.xclbin.reader import Xclbin, parse
from softnpu.formats.xclbin.spec import (
    HOST_BUFFERS,
    KERNEL_ID,
    KERNEL_NAME,
    KernelIdentity,
    XclbinSpec,
    build,
    default_kernel,
    spec_for,
)
from softnpu.formats.xclbin.topology import Connection, Instance, Memory

__all__ = [
    "HOST_BUFFERS",
    "KERNEL_ID",
    "KERNEL_NAME",
    "Argument",
    "CdoGroup",
    "Connection",
    "Container",
    "Header",
    "Instance",
    "Kernel",
    "KernelIdentity",
    "Memory",
    "Partition",
    "PartitionPdi",
    "Section",
    "SectionKind",
    "Xclbin",
    "XclbinSpec",
    "build",
    "default_kernel",
    "kind_name",
    "parse",
    "spec_for",
]

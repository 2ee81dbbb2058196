# ruff: noqa: N801 (the names are XRT's)
"""What a host loads: XRT's uuid and xclbin."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from softnpu.emulator.xrt.overloads import Overloads
from softnpu.errors import SoftnpuError
from softnpu.formats.xclbin import SectionKind, Xclbin, parse, partition
from softnpu.formats.xclbin.metadata import Kernel
from softnpu.formats.xclbin.topology import Memory

_NO_KERNEL = "No valid DPU kernel found in xclbin (err=22): Invalid argument"


class uuid:
    """Identifies an xclbin; two that are the same compare by `to_string` only, as XRT's do."""

    def __init__(self, text: str, /) -> None:
        self._text = text.lower() or str(UUID(int=0))

    def to_string(self) -> str:
        """The uuid as text."""
        return self._text


NO_UUID = uuid("")


class xclbin:
    """A compiled design: xclbin(filename), or xclbin() for none.

    Raises:
        RuntimeError: the file is missing or damaged.
        TypeError: the file name is no str.
    """

    # `told` is not in XRT: what has been logged of runs that did not complete.

    class xclbinip:
        """An instance of a kernel; XRT's binding has no call that gives one."""

        def get_name(self) -> str:
            """The instance's name; there is none."""
            return ""

    class xclbinkernel:
        """A kernel in an xclbin."""

        _kernel: Kernel | None = None

        def get_name(self) -> str:
            """The kernel's name."""
            return self._kernel.name if self._kernel else ""

        def get_num_args(self) -> int:
            """How many arguments it takes."""
            return len(self._kernel.arguments) if self._kernel else 0

    class xclbinmem:
        """A memory that an xclbin knows."""

        _memory = Memory("", 0, 0, used=False)
        _index = -1

        def get_tag(self) -> str:
            """Its name, e.g. "HOST"."""
            return self._memory.tag

        def get_base_address(self) -> int:
            """Where it begins."""
            return self._memory.base_address

        def get_size_kb(self) -> int:
            """Its size in KB."""
            return self._memory.size_kb

        def get_used(self) -> bool:
            """Whether anything is connected to it."""
            return self._memory.used

        def get_index(self) -> int:
            """What group ids and connections call it."""
            return self._index

    def __init__(self, *given: Any, **named: Any) -> None:
        forms = Overloads("pyxrt.xclbin", ({}, {"arg0": str}))
        filename = forms.read(given, named).get("arg0")
        self._parsed: Xclbin | None = None
        self._data = b""
        self.path = Path()
        self.told: set[str] = set()
        if filename is not None:
            self._open(filename)

    def _open(self, filename: str | bytes) -> None:
        text = filename.decode() if isinstance(filename, bytes) else filename
        self.path = Path(text)
        if not self.path.is_file():
            raise RuntimeError(f"xclbin file not found: {text}")
        self._read(self.path.read_bytes(), text)

    def _read(self, data: bytes, called: str) -> None:
        self._data = data
        try:
            self._parsed = parse(data)
        except SoftnpuError as error:
            raise RuntimeError(f"{called}: {error}") from error

    @classmethod
    def of_data(cls, data: bytes) -> xclbin:
        """The xclbin that a host has in memory; XRT's binding cannot take it."""
        made = cls()
        made._read(data, "the xclbin's data")
        return made

    @property
    def parsed(self) -> Xclbin:
        """What the file holds. Not in XRT."""
        if self._parsed is None:
            raise RuntimeError("this xclbin is empty: pyxrt.xclbin(filename) loads one")
        return self._parsed

    @property
    def data(self) -> bytes:
        """The file. Not in XRT."""
        return self._data

    @property
    def columns(self) -> int:
        """How wide a partition it needs; 0 if it does not say. Not in XRT."""
        try:
            return self.parsed.partition.columns
        except SoftnpuError:
            return 0

    def get_kernels(self) -> xclbinkernel_vector:
        """The kernels."""
        return xclbinkernel_vector(map(self._handle_of, self.parsed.kernels))

    def _handle_of(self, kernel: Kernel) -> xclbinkernel:
        made = self.xclbinkernel()
        made._kernel = kernel
        return made

    def get_mems(self) -> xclbinmem_vector:
        """The memories."""
        found = xclbinmem_vector()
        for index, memory in enumerate(self.parsed.memories):
            found.append(self.xclbinmem())
            found[-1]._memory, found[-1]._index = memory, index
        return found

    def pdi_sizes(self) -> list[int]:
        """The bytes of the PDI of each kernel that the driver finds one for. Not in XRT.

        Raises:
            RuntimeError: there is none, because the kernels or the partition are missing.
        """
        try:
            found = [self.pdi_of(kernel) for kernel in self.parsed.kernels]
        except SoftnpuError as error:
            raise RuntimeError(f"{_NO_KERNEL}: {error}") from error
        pdis = self.parsed.partition.pdis
        sizes = [len(pdis[index].image) for index in found if index is not None]
        if not sizes:
            raise RuntimeError(f"{_NO_KERNEL}: no kernel has a PDI in the AIE_PARTITION section")
        return sizes

    def pdi_of(self, kernel: Kernel) -> int | None:
        """Which of the partition's PDIs a kernel runs on. Not in XRT."""
        number = int(kernel.kernel_id or "0", 0)
        for index, part in enumerate(self.parsed.partition.pdis):
            if any(number in group.kernel_ids for group in part.groups):
                return index
        return None

    def with_pdi(self, index: int) -> Xclbin:
        """The file as one that begins with another of its PDIs. Not in XRT."""
        if index == 0:
            return self.parsed
        part, whole = self.parsed.partition, self.parsed.container
        pdis = (part.pdis[index], *part.pdis[:index], *part.pdis[index + 1 :])
        data = partition.build(replace(part, pdis=pdis))
        sections = tuple(
            replace(section, data=data) if section.kind == SectionKind.AIE_PARTITION else section
            for section in whole.sections
        )
        return Xclbin(replace(whole, sections=sections))

    def get_uuid(self) -> uuid:
        """The file's uuid."""
        return uuid(str(UUID(bytes=self.parsed.header.uuid)))

    def get_xsa_name(self) -> str:
        """The platform's name; empty for NPUs."""
        return ""

    def get_axlf(self) -> None:
        """Fails as in XRT, whose binding does not know the type: TypeError."""
        raise TypeError(
            "Unable to convert function return value to a Python type! The signature was\n\t"
            "(self: pyxrt.xclbin) -> axlf"
        )


class xclbinip_vector(list[xclbin.xclbinip]):
    """XRT's vector of instances."""


class xclbinkernel_vector(list[xclbin.xclbinkernel]):
    """XRT's vector of kernels."""


class xclbinmem_vector(list[xclbin.xclbinmem]):
    """XRT's vector of memories."""

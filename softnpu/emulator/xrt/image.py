# ruff: noqa: N801 (the names are XRT's)
"""What a host loads: XRT's uuid and xclbin, and the ELF flow, which is not modelled."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from softnpu.emulator.xrt.overloads import Overloads
from softnpu.errors import SoftnpuError
from softnpu.formats.xclbin import Xclbin, parse
from softnpu.formats.xclbin.topology import Memory

NO_ELF = (
    "the emulator runs an xclbin with an instruction stream; ELF configurations (aiecc's full "
    "ELF) are not modelled: build final.xclbin and insts.bin"
)


class uuid:
    """Identifies an xclbin."""

    def __init__(self, text: str) -> None:
        self._text = text

    def to_string(self) -> str:
        """The uuid as text."""
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, uuid) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


NO_UUID = uuid(str(UUID(int=0)))


class xclbin:
    """A compiled design: xclbin(filename), or xclbin() for none.

    Raises:
        RuntimeError: the file is missing or damaged.
        TypeError: the file name is no str.
    """

    class xclbinip:
        """An instance of a kernel."""

        def __init__(self, name: str = "") -> None:
            self._name = name

        def get_name(self) -> str:
            """The instance's name."""
            return self._name

    class xclbinkernel:
        """A kernel in an xclbin."""

        def __init__(self, name: str = "", arguments: int = 0) -> None:
            self._name = name
            self._arguments = arguments

        def get_name(self) -> str:
            """The kernel's name."""
            return self._name

        def get_num_args(self) -> int:
            """How many arguments it takes."""
            return self._arguments

    class xclbinmem:
        """A memory that an xclbin knows."""

        def __init__(self, memory: Memory | None = None, index: int = -1) -> None:
            self._memory = memory or Memory("", 0, 0, used=False)
            self._index = index

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
        self.path = Path()
        if filename is not None:
            self._open(filename)

    def _open(self, filename: str | bytes) -> None:
        text = filename.decode() if isinstance(filename, bytes) else filename
        self.path = Path(text)
        if not self.path.is_file():
            raise RuntimeError(f"xclbin file not found: {text}")
        try:
            self._parsed = parse(self.path.read_bytes())
        except SoftnpuError as error:
            raise RuntimeError(f"{text}: {error}") from error

    @property
    def parsed(self) -> Xclbin:
        """What the file holds. Not in XRT."""
        if self._parsed is None:
            raise RuntimeError("this xclbin is empty: pyxrt.xclbin(filename) loads one")
        return self._parsed

    @property
    def columns(self) -> int:
        """How wide a partition it needs; 0 if it does not say. Not in XRT."""
        try:
            return self.parsed.partition.columns
        except SoftnpuError:
            return 0

    def get_kernels(self) -> xclbinkernel_vector:
        """The kernels."""
        kernels = self.parsed.kernels
        return xclbinkernel_vector(self.xclbinkernel(k.name, len(k.arguments)) for k in kernels)

    def get_mems(self) -> xclbinmem_vector:
        """The memories."""
        listed = enumerate(self.parsed.memories)
        return xclbinmem_vector(self.xclbinmem(memory, index) for index, memory in listed)

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


class elf:
    """A compiled configuration: elf(filename) or elf(data, size). Not modelled: RuntimeError."""

    def __init__(self, *given: Any, **named: Any) -> None:
        Overloads("pyxrt.elf", ({"arg0": str}, {"arg0": object, "arg1": int})).read(given, named)
        raise RuntimeError(NO_ELF)


class program:
    """The program in an ELF; there can be none here."""

    def __init__(self, *given: Any, **named: Any) -> None:
        Overloads("pyxrt.program", ({"arg0": elf},)).read(given, named)

    def get_partition_size(self) -> int:
        """The columns that it needs."""
        raise RuntimeError(NO_ELF)


class module:
    """A module made from an ELF; there can be none here."""

    def __init__(self, *given: Any, **named: Any) -> None:
        Overloads("pyxrt.module", ({"elf": elf},)).read(given, named)

    def get_hw_context(self) -> Any:
        """The context that it is in."""
        raise RuntimeError(NO_ELF)

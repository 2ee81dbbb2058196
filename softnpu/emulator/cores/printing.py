"""What cores print: C's printf, which the emulator does for them (`npu_printf` of npu_core.h)."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from softnpu.emulator.scheduling.clock import CYCLES_PER_US

Read = Callable[[int, int], bytes]
"""(address, size) -> bytes of memory as the core sees it."""

_CONVERSION = re.compile(
    r"%(?P<flags>[-+ #0]*)(?P<width>\*|\d*)(?P<precision>\.(?:\*|-?\d+)?)?"
    r"(?P<length>hh|h|ll|l|j|z|t)?(?P<kind>[diouxXcspfFeEgG%])"
)
_BITS = {"hh": 8, "h": 16, "ll": 64, "j": 64}
"""Of integers, by their length; 32 with none. Source: ILP32 of the RISC-V ELF psABI."""
_CHUNK = 64
"""Strings are read in so many bytes; memories end at multiples of it."""


@dataclass(frozen=True)
class Printed:
    """A line that a core has printed.

    Attributes:
        place: e.g. "core (0,2)".
        clock: of the core, in cycles since the run began.
    """

    place: str
    clock: int
    text: str

    def __str__(self) -> str:
        return f"{self.place} at {self.clock / CYCLES_PER_US:.2f} us: {self.text}"


def printf(read: Read, format_at: int, arguments_at: int, shown: Callable[[int], int] = int) -> str:
    """The text of a call of printf.

    Args:
        format_at: the address of the format, which ends with a zero.
        arguments_at: the `va_list`: where what follows the format lies, word by word; values of 8
            bytes at multiples of 8.
        shown: what an address is told as.

    Raises:
        MachineError: it reads where there is no memory.
    """
    arguments = _Arguments(read, arguments_at, shown)
    return _CONVERSION.sub(arguments.converted, _string(read, format_at))


class _Arguments:
    """A `va_list` that is read on."""

    def __init__(self, read: Read, address: int, shown: Callable[[int], int]) -> None:
        self._read = read
        self._shown = shown
        self._address = address

    def converted(self, conversion: re.Match[str]) -> str:
        """The text of one conversion, whose arguments come next."""
        part = conversion.groupdict()
        if part["kind"] == "%":
            return "%"
        size = part["width"] + (part["precision"] or "")
        while "*" in size:
            size = size.replace("*", str(self._integer(32)), 1)
        spec = f"%{part['flags']}{size}"
        kind = part["kind"]
        if kind in "fFeEgG":
            return f"{spec}{kind}" % self._take("<d")
        if kind == "s":
            return f"{spec}s" % _string(self._read, self._integer(32, signed=False))
        if kind == "p":
            return (
                f"{spec.replace('#', '')}s" % f"{self._shown(self._integer(32, signed=False)):#x}"
            )
        bits = 8 if kind == "c" else _BITS.get(part["length"] or "", 32)
        value = self._integer(bits, signed=kind in "di")
        return f"{spec}{kind}" % value

    def _integer(self, bits: int, *, signed: bool = True) -> int:
        """The next integer, of which so many bits count: short ones are passed as words."""
        (value,) = self._take("<q" if bits == 64 else "<i")
        low = int(value) & (1 << bits) - 1
        return low - (1 << bits) if signed and low >> (bits - 1) else low

    def _take(self, layout: str) -> tuple[Any, ...]:
        size = struct.calcsize(layout)
        self._address = -(-self._address // size) * size
        value = struct.unpack(layout, self._read(self._address, size))
        self._address += size
        return value


def _string(read: Read, address: int) -> str:
    """A string of C: UTF-8, up to its zero."""
    found = b""
    while b"\0" not in found:
        size = _CHUNK - address % _CHUNK
        found += read(address, size)
        address += size
    return found.partition(b"\0")[0].decode(errors="replace")

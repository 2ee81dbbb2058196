"""Fixed layouts: a dataclass whose fields say how they are stored, read and written alike.

`construct` would do the same with more comfort, but importing it alone takes longer (56 ms) than
all that the emulator does with an xclbin at start-up, and it decodes bulk streams word by word. So
the little that is needed is here, on `struct`. Everything is little-endian and packed.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from softnpu.errors import FormatError

Bytes = bytes | bytearray | memoryview
"""What the parsers accept."""

_CODE = "struct code"
R = TypeVar("R", bound="Record")


def u8(default: int = 0) -> Any:
    """A field of one byte."""
    return field(default=default, metadata={_CODE: "B"})


def u16(default: int = 0) -> Any:
    """A field of two bytes."""
    return field(default=default, metadata={_CODE: "H"})


def u32(default: int = 0) -> Any:
    """A field of four bytes."""
    return field(default=default, metadata={_CODE: "I"})


def i32(default: int = 0) -> Any:
    """A signed field of four bytes."""
    return field(default=default, metadata={_CODE: "i"})


def u64(default: int = 0) -> Any:
    """A field of eight bytes."""
    return field(default=default, metadata={_CODE: "Q"})


def raw(size: int, default: bytes = b"") -> Any:
    """A field of `size` bytes, filled up with zeros when written."""
    return field(default=default.ljust(size, b"\0"), metadata={_CODE: f"{size}s"})


@dataclass(frozen=True)
class Record:
    """Base of the fixed layouts; every field is made by one of the functions above."""

    @classmethod
    def byte_size(cls) -> int:
        """Bytes that the layout takes."""
        return _layout(cls).size

    @classmethod
    def read(cls: type[R], data: Bytes, offset: int = 0) -> R:
        """The record at byte `offset` of `data`; FormatError if `data` ends before it does."""
        layout = _layout(cls)
        if offset < 0 or offset + layout.size > len(data):
            raise FormatError(
                f"{_readable(cls)} at byte {offset:#x} takes {layout.size} bytes, "
                f"but only {max(len(data) - offset, 0)} are left: the file is cut off"
            )
        return cls(*layout.unpack_from(data, offset))

    def write(self) -> bytes:
        """The record as bytes; FormatError if a value does not fit its field."""
        values = [getattr(self, f.name) for f in fields(self)]
        try:
            return _layout(type(self)).pack(*values)
        except struct.error as error:
            raise FormatError(f"{_readable(type(self))}: {error} in {self}") from error


_LAYOUTS: dict[type[Record], struct.Struct] = {}


def _layout(cls: type[Record]) -> struct.Struct:
    layout = _LAYOUTS.get(cls)
    if layout is None:
        codes = "".join(f.metadata[_CODE] for f in fields(cls))
        layout = _LAYOUTS[cls] = struct.Struct("<" + codes)
    return layout


def _readable(cls: type[Record]) -> str:
    return (cls.__doc__ or cls.__name__).split(":")[0].split(".")[0].strip()


def text(stored: bytes) -> str:
    """The text in a field filled up with zeros; bytes that are no UTF-8 show as �."""
    return stored.split(b"\0", 1)[0].decode("utf-8", "replace")


def words(data: Bytes) -> tuple[int, ...]:
    """`data` as little-endian 32-bit words; its length must be a multiple of 4."""
    return struct.unpack(f"<{len(data) // 4}I", data)


def word_bytes(values: tuple[int, ...] | list[int]) -> bytes:
    """Little-endian 32-bit words as bytes."""
    return struct.pack(f"<{len(values)}I", *values)


def padded(data: bytes, alignment: int) -> bytes:
    """`data` filled up with zeros to a multiple of `alignment` bytes."""
    return data + bytes(-len(data) % alignment)

"""What variables and buffers hold, in words: by the types of C, and by MLIR's element types."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from softnpu.emulator.debugging.variables import (
    Variable,
    dimensions,
    size_of,
    stripped,
    type_of,
)
from softnpu.emulator.naming.source_lines import name_of
from softnpu.errors import EmulatorError
from softnpu.formats.elements import OF_MLIR, dtype

FEW = 8
"""Elements of an array that are shown unless more are asked for."""


class Memory(Protocol):
    """What a pointer's value is told by."""

    def read(self, address: int, size: int) -> bytes:
        """Bytes of memory; EmulatorError where there is none."""

    def place(self, address: int) -> str:
        """What lies at an address; "" for nothing that has a name."""

    def held(self, address: int) -> NDArray[Any] | None:
        """The elements of a buffer from an address on; None where none begins."""


_FLOAT, _SIGNED, _SIGNED_CHAR, _UNSIGNED_CHAR, _BOOLEAN = 4, 5, 6, 8, 2
"""DW_ATE: encodings of base types."""


def type_name(type: Any) -> str:
    """A type as C writes it."""
    if type is None:
        return "void"
    inner = type_of(type)
    match type.tag:
        case "DW_TAG_pointer_type" | "DW_TAG_reference_type":
            return f"{type_name(inner)} *".replace("* *", "**")
        case "DW_TAG_const_type":
            told = type_name(inner)
            return f"{told}const" if told.endswith("*") else f"const {told}"
        case "DW_TAG_volatile_type":
            return f"volatile {type_name(inner)}"
        case "DW_TAG_restrict_type":
            return f"{type_name(inner)}restrict"
        case "DW_TAG_array_type":
            sizes = "".join(f"[{size or ''}]" for size in dimensions(type))
            return f"{type_name(inner)} {sizes}"
        case "DW_TAG_structure_type" | "DW_TAG_union_type" | "DW_TAG_enumeration_type":
            return name_of(type) or "struct {…}"
        case "DW_TAG_subroutine_type":
            return "function"
    return name_of(type) or "?"


def told(variable: Variable, memory: Memory, most: int = FEW) -> str:
    """A variable's value.

    Args:
        memory: for what a pointer points at.
        most: elements of an array that are shown.
    """
    if variable.data is None:
        return f"<{variable.gone}>"
    return value(variable.type, variable.data, memory, most)


def value(type: Any, data: bytes, memory: Memory, most: int = FEW) -> str:
    """Bytes as the value of a type."""
    type = stripped(type)
    if type is None or not data:
        return "?"
    match type.tag:
        case "DW_TAG_base_type":
            return scalar(type, data)
        case "DW_TAG_pointer_type" | "DW_TAG_reference_type":
            return _pointer(type, data, memory, most)
        case "DW_TAG_enumeration_type":
            return _enumerator(type, data)
        case "DW_TAG_array_type":
            return _array(type, data, memory, most)
        case "DW_TAG_structure_type" | "DW_TAG_class_type" | "DW_TAG_union_type":
            return _structure(type, data, memory, most)
    return data.hex(" ")


def scalar(type: Any, data: bytes) -> str:
    """Bytes as the value of a base type."""
    encoding, size = type.attributes["DW_AT_encoding"].value, len(data)
    if encoding == _FLOAT:
        if size == 2 and "bf" in name_of(type):
            return str(np.frombuffer(data, dtype("bfloat16"))[0])
        formats = {2: "<e", 4: "<f", 8: "<d"}
        return f"{struct.unpack(formats[size], data)[0]:.9g}" if size in formats else data.hex(" ")
    if encoding == _BOOLEAN:
        return "true" if any(data) else "false"
    signed = encoding in (_SIGNED, _SIGNED_CHAR)
    return str(int.from_bytes(data, "little", signed=signed))


def _enumerator(type: Any, data: bytes) -> str:
    number = int.from_bytes(data, "little", signed=True)
    for child in type.iter_children():
        if child.tag == "DW_TAG_enumerator":
            constant = child.attributes["DW_AT_const_value"].value
            if constant == number:
                return name_of(child)
    return str(number)


def _pointer(type: Any, data: bytes, memory: Memory, most: int) -> str:
    address = int.from_bytes(data, "little")
    where = memory.place(address) or f"{address:#x}"
    target = type_of(type)
    plain = stripped(target)
    if plain is None or plain.tag != "DW_TAG_base_type" or not address:
        return where
    size = size_of(plain)
    held = memory.held(address)
    if held is not None and held.itemsize == size:
        return f"{where}: {listed(held, most=most)}"
    shown = []
    for index in range(most):
        try:
            shown.append(scalar(plain, memory.read(address + index * size, size)))
        except EmulatorError:
            break
    return f"{where}: {', '.join(shown)}, …" if shown else where


def _array(type: Any, data: bytes, memory: Memory, most: int) -> str:
    inner = type_of(type)
    sizes = dimensions(type)
    size = size_of(inner)
    flat = [
        value(inner, data[at : at + size], memory, most)
        for at in range(0, min(len(data), most * size), size or 1)
    ]
    more = ", …" if len(data) > most * size else ""
    shape = "" if len(sizes) < 2 else f" ({' x '.join(map(str, sizes))})"
    return f"[{', '.join(flat)}{more}]{shape}"


def _structure(type: Any, data: bytes, memory: Memory, most: int) -> str:
    shown = []
    for child in type.iter_children():
        if child.tag != "DW_TAG_member":
            continue
        at = child.attributes.get("DW_AT_data_member_location")
        start = int(at.value) if at is not None else 0
        inner = type_of(child)
        part = data[start : start + size_of(inner)]
        shown.append(f"{name_of(child)} = {value(inner, part, memory, most)}")
    return f"{{{', '.join(shown)}}}"


def elements(memory: NDArray[np.uint8], element: str) -> NDArray[Any]:
    """A buffer's bytes as MLIR's element type; as bytes where numpy has no such type."""
    kind = dtype(OF_MLIR.get(element, "uint8"))
    whole = len(memory) // kind.itemsize * kind.itemsize
    return memory[:whole].view(kind)


def listed(values: NDArray[Any], begin: int = 0, most: int = FEW) -> str:
    """Elements from an index on: "1, 2, 3, …"."""
    shown = [element(one) for one in values[begin : begin + most]]
    return ", ".join(shown) + (", …" if begin + most < len(values) else "")


def element(one: Any) -> str:
    """One element."""
    kind = np.asarray(one).dtype
    return f"{float(one):.9g}" if kind.kind == "f" or kind.name == "bfloat16" else str(one)


def index_of(text: str, shape: Sequence[int]) -> int:
    """The index that "3" or "1,2" means in an array of a shape; ValueError if there is none."""
    parts = [int(part, 0) for part in text.split(",")]
    sizes = list(shape)[-len(parts) :] if len(parts) > 1 else [int(np.prod(shape))]
    flat = 0
    for part, size in zip(parts, sizes, strict=True):
        if not 0 <= part < size:
            raise ValueError(f"{part} is no index below {size}")
        flat = flat * size + part
    return flat

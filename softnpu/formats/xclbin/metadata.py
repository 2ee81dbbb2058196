"""The sections in text: the kernels' signatures (XML) and key-value pairs (JSON).

Source: xclbinutil's KernelUtilities.cxx and SectionKeyValueMetadata.cxx; the text is laid out as
boost's property_tree writes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from softnpu.errors import FormatError
from softnpu.formats.records import Bytes
from softnpu.formats.xclbin.topology import FUNCTIONS, SUBTYPES

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

SCALAR, GLOBAL = 0, 1

_TYPE_SIZES = {
    "char": 1,
    "unsignedchar": 1,
    "int8_t": 1,
    "uint8_t": 1,
    "int16_t": 2,
    "uint16_t": 2,
    "float": 4,
    "int32_t": 4,
    "uint32_t": 4,
    "int": 8,
    "unsignedint": 8,
    "int64_t": 8,
    "uint64_t": 8,
}
"""Bytes that each argument type takes, as xclbinutil has it; every pointer takes 8."""
_POINTER_SIZE = 8


@dataclass(frozen=True)
class Argument:
    """One argument of a kernel.

    Attributes:
        qualifier: 0 scalar, 1 global (a buffer).
        offset: where in the argument block, spelled as it was given ("0x8" or "0x08").
        memory: tag of the memory that the buffer lies in, None for a scalar; not in the XML but
            in the connectivity sections.
    """

    name: str
    type: str
    offset: str
    qualifier: int = SCALAR
    memory: str | None = None

    @property
    def size(self) -> int:
        """Bytes of the argument; FormatError for a type that xclbinutil does not know."""
        bare = self.type.replace(" ", "")
        if bare.endswith("*"):
            return _POINTER_SIZE
        if bare not in _TYPE_SIZES:
            raise FormatError(f"kernel argument '{self.name}' has the unknown type '{self.type}'")
        return _TYPE_SIZES[bare]


@dataclass(frozen=True)
class Kernel:
    """A kernel's signature.

    Attributes:
        kernel_id: spelled as it was given, e.g. "0x901".
    """

    name: str
    instances: tuple[str, ...]
    kernel_id: str
    arguments: tuple[Argument, ...]
    subtype: int = 1
    functional: int = 0
    type: str = "dpu"


def build_kernels(kernels: Sequence[Kernel]) -> bytes:
    """The EMBEDDED_METADATA section."""
    lines = ["<project>", "  <platform>", "    <device>", "      <core>"]
    for kernel in kernels:
        lines.extend("        " + line for line in _kernel_lines(kernel))
    lines += ["      </core>", "    </device>", "  </platform>", "</project>"]
    head = '<?xml version="1.0" encoding="utf-8"?>'
    return "\n".join([head, *lines, ""]).encode()


def _kernel_lines(kernel: Kernel) -> list[str]:
    lines = [f"<kernel {_attributes(name=kernel.name, language='c', type=kernel.type)}>"]
    extended = _attributes(
        subtype=str(kernel.subtype),
        functional=str(kernel.functional),
        dpu_kernel_id=kernel.kernel_id,
    )
    lines.append(f"  <extended-data {extended}/>")
    for index, argument in enumerate(kernel.arguments):
        lines.append(f"  <arg {_argument_attributes(index, argument)}/>")
    lines.extend(f"  <instance {_attributes(name=name)}/>" for name in kernel.instances)
    return [*lines, "</kernel>"]


def _argument_attributes(index: int, argument: Argument) -> str:
    return _attributes(
        name=argument.name,
        addressQualifier=str(argument.qualifier),
        id=str(index),
        size=f"{argument.size:#x}",
        offset=argument.offset,
        hostOffset="0x0",
        hostSize=f"{argument.size:#x}",
        type=argument.type,
    )


_ESCAPES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&apos;"))


def _attributes(**values: str) -> str:
    return " ".join(f'{name}="{_escaped(value)}"' for name, value in values.items())


def _escaped(value: str) -> str:
    for character, escape in _ESCAPES:
        value = value.replace(character, escape)
    return value


def parse_kernels(data: Bytes) -> tuple[Kernel, ...]:
    """The kernels of an EMBEDDED_METADATA section; FormatError if it is no such XML."""
    from xml.etree import ElementTree

    if b"<!DOCTYPE" in bytes(data):
        # It could define entities that grow without bound; xclbinutil writes none.
        raise FormatError("the xclbin's EMBEDDED_METADATA has a document type definition")
    try:
        root = ElementTree.fromstring(bytes(data).rstrip(b"\0"))
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise FormatError(f"the xclbin's EMBEDDED_METADATA is no valid XML: {error}") from error
    return tuple(_parse_kernel(element) for element in root.iter("kernel"))


def _parse_kernel(element: Element) -> Kernel:
    extended = element.find("extended-data")
    details = {} if extended is None else extended.attrib
    return Kernel(
        _attribute(element, "name"),
        tuple(_attribute(instance, "name") for instance in element.findall("instance")),
        details.get("dpu_kernel_id", ""),
        tuple(_parse_argument(argument) for argument in element.findall("arg")),
        _choice(details.get("subtype", "0"), SUBTYPES),
        _choice(details.get("functional", "0"), FUNCTIONS),
        element.get("type", ""),
    )


def _parse_argument(element: Element) -> Argument:
    return Argument(
        _attribute(element, "name"),
        _attribute(element, "type"),
        _attribute(element, "offset"),
        _number(_attribute(element, "addressQualifier")),
    )


def _attribute(element: Element, name: str) -> str:
    value = element.get(name)
    if value is None:
        raise FormatError(f"the xclbin's EMBEDDED_METADATA has a <{element.tag}> without '{name}'")
    return value


def _choice(value: str, names: Sequence[str]) -> int:
    """A number, or the name that stands for it: xclbinutil of 2021 left the name there."""
    return names.index(value) if value in names else _number(value)


def _number(value: str) -> int:
    """A number; none is 0, as in the metadata of kernels for programmable logic."""
    if not value:
        return 0
    try:
        return int(value, 0)
    except ValueError as error:
        raise FormatError(f"the xclbin's EMBEDDED_METADATA has '{value}' for a number") from error


def build_key_values(pairs: Sequence[tuple[str, str]]) -> bytes:
    """The KEYVALUE_METADATA section."""
    from softnpu.formats.xclbin.ptree import Tree, write

    rows: list[Tree] = [{"key": key, "value": value} for key, value in pairs]
    return write({"key_values": rows}).encode()


def parse_key_values(data: Bytes) -> tuple[tuple[str, str], ...]:
    """The pairs of a KEYVALUE_METADATA section, in order; FormatError if it is no such JSON."""
    import json

    try:
        rows = json.loads(bytes(data).decode())["key_values"] or []
        return tuple((str(row["key"]), str(row["value"])) for row in rows)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FormatError(
            f"the xclbin's KEYVALUE_METADATA is not as expected: {error!r}"
        ) from error

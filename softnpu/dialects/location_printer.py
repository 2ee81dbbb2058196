"""Locations as `--mlir-print-debuginfo` writes them: behind every op and block argument, those of
ops by aliases.

Facts: mlir, AsmPrinter.cpp, `AliasInitializer` and `printLocationInternal`: an alias is a number
that counts locations by how deep they nest, then in the order of the text, an op's before those of
what is in it. Those of arguments, which do not use them, stand before the module, others behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import IO

from xdsl.dialects.builtin import (
    ArrayAttr,
    CallSiteLoc,
    FileLineColLoc,
    FusedLoc,
    NameLoc,
    NoneAttr,
    UnknownLoc,
)
from xdsl.ir import Attribute, BlockArgument, Operation

from softnpu.dialects.locations import written_of
from softnpu.dialects.printer import AsmPrinter

STANDARD_INPUT = "<stdin>", "-"
"""What messages call a text without a file, and what MLIR calls it."""


class LocationPrinter(AsmPrinter):
    """Prints a module as aie-opt does if it is asked for locations."""

    def __init__(self, stream: IO[str], top: Operation, aliases: dict[Attribute, str]) -> None:
        super().__init__(stream, top)
        self.deferred: dict[Attribute, bool] = {}
        """The locations that have been printed, in order; whether each may stand behind all."""
        self.aliases = aliases

    @classmethod
    def to_text(cls, top: Operation) -> str:
        """The op as text, ending in a blank line; aliases before and behind it."""
        first = cls(StringIO(), top, {})
        first.print_op(top)
        aliases = _numbered(first.deferred)
        body = StringIO()
        cls(body, top, aliases).print_op(top)
        lines = {True: "", False: ""}
        for location, name in aliases.items():
            lines[first.deferred[location]] += f"{name} = loc({_text(location, aliases)})\n"
        return f"{lines[False]}{body.getvalue()}\n{lines[True]}\n"

    def print_op(self, op: Operation) -> None:
        location = written_of(op.location)
        self._note(location, True)
        super().print_op(op)
        self.print_string(f" loc({self.aliases.get(location, '')})")

    def print_block_argument(self, arg: BlockArgument, print_type: bool = True) -> None:
        super().print_block_argument(arg, print_type)
        if print_type:
            location = written_of(arg.location)
            self._note(location, False)
            self.print_string(f" loc({_text(location, self.aliases)})")

    def _note(self, location: Attribute, deferred: bool) -> None:
        """A location is printed, and with it those that it consists of."""
        self.deferred[location] = self.deferred.get(location, True) and deferred
        for part in _parts(location):
            self._note(part, deferred)


def _numbered(locations: dict[Attribute, bool]) -> dict[Attribute, str]:
    ordered = sorted(locations, key=_depth)
    return {one: f"#loc{number or ''}" for number, one in enumerate(ordered)}


def _depth(location: Attribute) -> int:
    return max((1 + _depth(part) for part in _parts(location)), default=0)


def _parts(location: Attribute) -> Iterator[Attribute]:
    """What has an alias of its own in a location."""
    if isinstance(location, NameLoc):
        if not isinstance(location.location, UnknownLoc | NoneAttr):
            yield location.location
    elif isinstance(location, CallSiteLoc):
        yield from (location.callee, location.caller)
    elif isinstance(location, FusedLoc) and isinstance(location.locations, ArrayAttr):
        yield from location.locations


def _text(location: Attribute, aliases: dict[Attribute, str]) -> str:
    """What stands between the brackets of `loc(...)`."""
    inner = [aliases.get(part, "") for part in _parts(location)]
    if isinstance(location, FileLineColLoc):
        name, line, column = location.filename.data, location.line.data, location.column.data
        stdin, dash = STANDARD_INPUT
        return f'"{_escaped(dash if name == stdin else name)}":{line}:{column}'
    if isinstance(location, NameLoc):
        return f'"{_escaped(location.desc.data)}"{f"({inner[0]})" if inner else ""}'
    if isinstance(location, CallSiteLoc):
        return f"callsite({inner[0]} at {inner[1]})"
    if isinstance(location, FusedLoc):
        return f"fused[{', '.join(inner)}]"
    return "unknown"


def _escaped(text: str) -> str:
    """As LLVM's `printEscapedString`."""
    return "".join(
        "\\\\" if c == "\\" else c if c.isprintable() and c != '"' and c.isascii() else _hex(c)
        for c in text
    )


def _hex(character: str) -> str:
    return "".join(f"\\{byte:02X}" for byte in character.encode())

"""What a class's methods do, worked out when one is called first instead of when it is made.

A start of the compiler makes some 470 dataclasses and 90 of xDSL's ops. Python writes up to six
methods of each dataclass as text and compiles them one by one; xDSL reads the assembly format of
each op. A command calls one method in seven and reads ten formats: the others cost a third of its
time. Neither has a switch for it, so two functions are exchanged here, and nowhere else.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xdsl.irdl import OpDef
    from xdsl.irdl.declarative_assembly_format import FormatProgram
    from xdsl.parser import Parser
    from xdsl.printer import Printer

PACKAGES = ("softnpu", "pipeline", "runner", "xdsl")
"""Whose dataclasses are made so; those of others stay as they are."""


def make_dataclass_methods_late() -> None:
    """Compile the methods of the dataclasses of `PACKAGES` that are made from now on when needed.

    Python 3.13 and later compile a class's methods in one go, and are left to it.
    """
    compiled = getattr(dataclasses, "_create_fn", None)
    if compiled is None or getattr(compiled, "is_late", False):
        return

    def create(name: str, *parts: Any, globals: Any = None, **further: Any) -> Callable[..., Any]:
        package = (globals or {}).get("__name__", "").partition(".")[0]
        if package not in PACKAGES:
            return compiled(name, *parts, globals=globals, **further)  # type: ignore[no-any-return]
        return _late(name, lambda: compiled(name, *parts, globals=globals, **further))

    create.is_late = True  # type: ignore[attr-defined]
    dataclasses._create_fn = create  # type: ignore[attr-defined]


def _late(name: str, make: Callable[[], Callable[..., Any]]) -> Callable[..., Any]:
    """A method that makes itself when it is called first, and leaves its place to what it made."""
    made: Callable[..., Any] | None = None

    def method(self: Any, /, *arguments: Any, **named: Any) -> Any:
        nonlocal made
        if made is None:
            made = make()
            made.__qualname__ = method.__qualname__
            owner = next((c for c in type(self).__mro__ if vars(c).get(name) is method), None)
            if owner is not None:  # else it stands behind a wrapper
                type.__setattr__(owner, name, made)
        return made(self, *arguments, **named)

    method.__name__ = name
    return method


class LateFormat:
    """An op's assembly format, read when an op is parsed or printed with it."""

    def __init__(self, read: Callable[[], FormatProgram]) -> None:
        self._read = read

    @cached_property
    def _program(self) -> FormatProgram:
        return self._read()

    def parse(self, parser: Parser, op_type: Any) -> Any:
        return self._program.parse(parser, op_type)

    def print(self, printer: Printer, op: Any) -> None:
        self._program.print(printer, op)


def read_formats_late() -> None:
    """Read the assembly formats of xDSL's ops that are defined from now on when needed."""
    from xdsl.irdl.declarative_assembly_format import FormatProgram

    read = FormatProgram.from_str

    def from_str(text: str, op: OpDef) -> LateFormat:
        return LateFormat(lambda: read(text, op))

    FormatProgram.from_str = from_str  # type: ignore[method-assign, assignment]

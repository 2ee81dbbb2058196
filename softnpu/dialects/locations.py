"""Where an op comes from: its place in the text, and what `loc(...)` behind it says.

Text of `--mlir-print-debuginfo` has a location behind every op and every block argument, most of
them by an alias (`#loc1`) that is defined before the module or behind it. An op's location is its
place in the text that was read; where the text says more, both are fused, the place first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from xdsl.dialects.builtin import (
    ArrayAttr,
    CallSiteLoc,
    FileLineColLoc,
    FusedLoc,
    IntAttr,
    LocationAttr,
    NameLoc,
    NoneAttr,
    StringAttr,
    UnknownLoc,
)
from xdsl.ir import Attribute
from xdsl.parser import Parser
from xdsl.utils.exceptions import ParseError
from xdsl.utils.mlir_lexer import MLIRTokenKind

from softnpu.dialects.making import trusted
from softnpu.errors import SourceLocation

_DEFINITION = re.compile(r"^[ \t]*(#[\w.$-]+)[ \t]*=[ \t]*(?=loc[ \t]*\()", re.MULTILINE)

_OPENING = (MLIRTokenKind.LESS, MLIRTokenKind.L_SQUARE, MLIRTokenKind.L_PAREN)
_CLOSING = (MLIRTokenKind.GREATER, MLIRTokenKind.R_SQUARE, MLIRTokenKind.R_PAREN)


def at(place: SourceLocation) -> FileLineColLoc:
    """A place as a location."""
    return trusted(
        FileLineColLoc,
        filename=_file_name(place.file),
        line=trusted(IntAttr, data=place.line),
        column=trusted(IntAttr, data=place.column),
    )


@lru_cache(maxsize=1)
def _file_name(file: Path) -> StringAttr:
    return StringAttr(str(file))


def located(place: FileLineColLoc, written: LocationAttr | None) -> LocationAttr:
    """The location of an op at a place in the text, with what is written behind it."""
    if written is None:
        return place
    return FusedLoc(ArrayAttr[Attribute]((place, written)), NoneAttr())


def place_of(location: LocationAttr) -> SourceLocation | None:
    """Where in the text that was read an op stands; None of a file as a whole, which is line 0."""
    return next((_place(file) for file in _files(location) if file.line.data), None)


def origin_of(location: LocationAttr) -> SourceLocation | None:
    """What the text says that an op comes from: the innermost file of `loc(...)`."""
    if not isinstance(location, FusedLoc):
        return None
    return next((_place(file) for file in list(_files(location))[1:]), None)


def written_of(location: LocationAttr) -> Attribute:
    """What the text says behind an op, or if it says nothing, the op's place in the text."""
    if isinstance(location, FusedLoc) and isinstance(location.locations, ArrayAttr):
        parts: tuple[Attribute, ...] = location.locations.data
        return parts[-1]
    return location


def _place(file: FileLineColLoc) -> SourceLocation:
    return SourceLocation(Path(file.filename.data), file.line.data, file.column.data)


def _files(location: Attribute) -> Iterator[FileLineColLoc]:
    """The files in a location, callees before their callers."""
    if isinstance(location, FileLineColLoc):
        yield location
    elif isinstance(location, NameLoc):
        yield from _files(location.location)
    elif isinstance(location, CallSiteLoc):
        yield from _files(location.callee)
        yield from _files(location.caller)
    elif isinstance(location, FusedLoc) and isinstance(location.locations, ArrayAttr):
        for part in location.locations:
            yield from _files(part)


class LocationReader:
    """Reads what stands within `loc(...)`; an alias may be defined anywhere in the text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: dict[str, LocationAttr] = {}
        self._open: list[str] = []

    @cached_property
    def _definitions(self) -> dict[str, int]:
        """Where the location of each alias begins."""
        return {match[1]: match.end() for match in _DEFINITION.finditer(self._text)}

    def read(self, parser: Parser) -> LocationAttr:
        """The location at the parser's token."""
        token = parser._current_token
        if token.kind is MLIRTokenKind.HASH_IDENT:
            parser._consume_token()
            return self._alias(parser, token.text)
        if (name := parser.parse_optional_str_literal()) is not None:
            return self._named(parser, name)
        keyword = parser.parse_optional_identifier()
        if keyword == "unknown":
            return UnknownLoc()
        if keyword == "callsite":
            with parser.in_parens():
                callee = self.read(parser)
                parser.parse_keyword("at")
                return CallSiteLoc(callee, self.read(parser))
        if keyword == "fused":
            if parser._current_token.kind is MLIRTokenKind.LESS:
                _skip(parser)
            parts = parser.parse_comma_separated_list(
                parser.Delimiter.SQUARE, lambda: self.read(parser)
            )
            return FusedLoc(ArrayAttr[Attribute](parts), NoneAttr())
        raise ParseError(
            token.span,
            'expected a location: "file":line:column, "name", callsite(... at ...), fused[...], '
            "unknown or an alias",
        )

    def _named(self, parser: Parser, name: str) -> LocationAttr:
        """`"file":1:2`, `"file":1:2 to 3:4` (of which the start is kept), `"name"(location)`."""
        if parser.parse_optional_punctuation(":") is None:
            inner: Attribute = NoneAttr()
            if parser._current_token.kind is MLIRTokenKind.L_PAREN:
                with parser.in_parens():
                    inner = self.read(parser)
            return NameLoc(StringAttr(name), inner)
        line = parser.parse_integer(allow_boolean=False, allow_negative=False)
        column = 0
        if parser.parse_optional_punctuation(":") is not None:
            column = parser.parse_integer(allow_boolean=False, allow_negative=False)
        if parser.parse_optional_keyword("to") is not None:
            parser.parse_optional_integer(allow_boolean=False, allow_negative=False)
            parser.parse_punctuation(":")
            parser.parse_integer(allow_boolean=False, allow_negative=False)
        return FileLineColLoc(StringAttr(name), IntAttr(line), IntAttr(column))

    def _alias(self, parser: Parser, name: str) -> LocationAttr:
        """The location of an alias: the parser goes where it is defined, and returns."""
        if name in self._known:
            return self._known[name]
        token = parser._current_token
        start = self._definitions.get(name)
        if start is None:
            raise ParseError(token.span, f"there is no location {name} in this text")
        if name in self._open:
            raise ParseError(token.span, f"{name} is defined by itself")
        self._open.append(name)
        parser._resume_from(start)
        location: Any = parser.parse_optional_location()
        self._known[name] = location
        self._open.pop()
        parser._resume_from(token.span.start)
        return self._known[name]


def _skip(parser: Parser) -> None:
    """Pass over a bracket and all in it: what else is fused says nothing of a place."""
    depth = 0
    while True:
        kind = parser._consume_token().kind
        depth += (kind in _OPENING) - (kind in _CLOSING)
        if depth == 0 or kind is MLIRTokenKind.EOF:
            return

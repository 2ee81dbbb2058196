"""The MLIR parser that keeps each op's place and speaks to authors."""

from __future__ import annotations

from bisect import bisect_right
from difflib import get_close_matches
from pathlib import Path

from xdsl.context import Context
from xdsl.dialects.builtin import FileLineColLoc, IntAttr, ModuleOp, StringAttr
from xdsl.ir import Operation
from xdsl.parser import Parser
from xdsl.utils.exceptions import MultipleSpansParseError, ParseError
from xdsl.utils.lexer import Span
from xdsl.utils.mlir_lexer import MLIRTokenKind

from softnpu.dialects.upstream import op_parser
from softnpu.errors import DesignError, SourceLocation

OLD_NAMES = {"aiex.runtime_sequence": "aie.runtime_sequence"}
"""Ops that have moved to another dialect since designs were written with them."""


class DesignParser(Parser):
    """xDSL's parser, and each op gets the place of its name."""

    def __init__(self, ctx: Context, text: str, file: Path) -> None:
        super().__init__(ctx, text, str(file))
        self.file = file
        self.file_name = StringAttr(str(file))
        self.line_starts = [0, *(i + 1 for i, c in enumerate(text) if c == "\n")]

    def place(self, offset: int) -> SourceLocation:
        """File, line and column (from 1) of an offset into the text."""
        line = bisect_right(self.line_starts, offset)
        return SourceLocation(self.file, line, offset - self.line_starts[line - 1] + 1)

    def parse_operation(self) -> Operation:
        """One op, in its own syntax or the generic one; see xDSL's method for the grammar."""
        bound = self._parse_op_result_list()
        span = self._current_token.span
        token = self._parse_optional_token(MLIRTokenKind.BARE_IDENT)
        name = (
            token.text if token else self.expect(self.parse_optional_str_literal, "expected an op")
        )
        op_type = self._get_op_by_name(OLD_NAMES.get(name, name))
        stack = self._parser_state.dialect_stack
        stack.append(op_type.dialect_name())
        if token is None:
            op = self._parse_generic_operation(op_type)
        elif (special := op_parser(op_type.name)) is not None:
            op = special(self)
        else:
            op = op_type.parse(self)
        stack.pop()
        self.parse_optional_location()
        where = self.place(span.start)
        op.location = FileLineColLoc(self.file_name, IntAttr(where.line), IntAttr(where.column))
        self._bind(op, bound, span)
        return op

    def _bind(self, op: Operation, bound: list[tuple[Span, int]], span: Span) -> None:
        """Give the results the names on the left of the `=`."""
        wanted = sum(size for _, size in bound)
        if wanted and wanted != len(op.results):
            self.raise_error(
                f"'{op.name}' has {len(op.results)} results, but {wanted} names stand before it",
                span.start,
                span.end,
            )
        index = 0
        for name, size in bound:
            self._register_ssa_definition(name.text[1:], op.results[index : index + size], name)
            index += size

    def _get_op_by_name(self, name: str) -> type[Operation]:
        stack = self._parser_state.dialect_stack
        found = self.ctx.get_optional_op(name, dialect_stack=stack)
        if found is not None:
            return found
        known = [op.name for op in self.ctx.loaded_ops]
        near = get_close_matches(name, known, n=1, cutoff=0.6)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        end = self._current_token.span.start
        raise ParseError(
            Span(end - len(name), end, self.lexer.input), f"there is no op '{name}'{hint}"
        )


def parse_module(text: str, file: Path, ctx: Context | None = None) -> ModuleOp:
    """The module of a design. Raises DesignError."""
    if ctx is None:
        from softnpu.dialects import context

        ctx = context()
    try:
        return DesignParser(ctx, text, file).parse_module()
    except ParseError as error:
        raise _design_error(error, text, file) from error


def _design_error(error: ParseError, text: str, file: Path) -> DesignError:
    """A parse error in the author's terms."""
    line = text.count("\n", 0, error.span.start) + 1
    column = error.span.start - (text.rfind("\n", 0, error.span.start) + 1) + 1
    notes: list[str] = []
    if isinstance(error, MultipleSpansParseError):
        notes = [note for _, note in error.refs if note]
    return DesignError(error.msg, SourceLocation(file, line, column), tuple(notes))

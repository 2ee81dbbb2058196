"""The MLIR parser that keeps each op's place and speaks to authors."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from math import prod
from pathlib import Path
from typing import Any, cast

from xdsl.context import Context
from xdsl.dialects.builtin import (
    UNKNOWN_LOC,
    AnyFloat,
    DenseIntOrFPElementsAttr,
    FloatAttr,
    LocationAttr,
    ModuleOp,
)
from xdsl.ir import (
    Attribute,
    AttributeInvT,
    Block,
    BlockArgument,
    Operation,
    SSAValue,
    TypeAttribute,
)
from xdsl.parser import Parser, ParserState, UnresolvedOperand
from xdsl.utils.exceptions import MultipleSpansParseError, ParseError
from xdsl.utils.lexer import Input, Span
from xdsl.utils.mlir_lexer import MLIRTokenKind

from softnpu.dialects.lexer import DesignLexer
from softnpu.dialects.locations import LocationReader, at, located
from softnpu.dialects.making import locate, place_last
from softnpu.dialects.older import settle
from softnpu.dialects.once import PLAIN_DICTIONARY, PLAIN_TYPE, OnceParser
from softnpu.dialects.scalars import loose_constants
from softnpu.dialects.scopes import ValueNames
from softnpu.dialects.statements import LINE, Statements
from softnpu.dialects.upstream import op_parser
from softnpu.dialects.xdsl_texts import XDSL_ERRORS, of_definition, of_parser
from softnpu.errors import DesignError, SourceLocation

OLD_NAMES = {"aiex.runtime_sequence": "aie.runtime_sequence"}
"""Ops that have moved to another dialect since designs were written with them."""

OUT_OF_SCOPE = {
    "aiex.cert.": "it is code for a controller that no npu1 or npu2 has",
    "aievec.": "vector code goes into a C kernel, or is written with MLIR's vector dialect",
    "aievec_aie1.": "it is for first-generation AI Engines",
    "xllvm.": "processor intrinsics go into a C kernel",
    "tosa.": "npuforge compiles placed designs, not tensor programs",
    "linalg.": "npuforge compiles placed designs, not tensor programs",
    "air.": "lower the program to the aie dialect first",
    "func.constant": "a core calls functions by their names (func.call)",
    "func.call_indirect": "a core calls functions by their names (func.call)",
    "emitc.": "core code is arith, memref, scf and the like",
}
"""Ops by how their names start, and why npuforge does not take them."""

UNKNOWN_NAME = re.compile("'(.*)' is not registered")
"""What xDSL says of a type or attribute that no dialect has."""

BUILTIN_TYPES = (
    *("memref", "vector", "tensor", "index", "none", "tuple", "complex"),
    *("i1", "i8", "i16", "i32", "i64", "bf16", "f16", "f32", "f64"),
)
"""How MLIR's own types begin."""

_MOST_ELEMENTS = 1 << 22
"""Elements of a constant; the largest memory, a memory tile's, has half a million bytes."""


class DesignParser(OnceParser):
    """xDSL's parser, and each op gets the place of its name."""

    def __init__(self, ctx: Context, text: str, file: Path) -> None:
        super().__init__(ctx, "", str(file))
        self._parser_state = ParserState(DesignLexer(Input(text, str(file))))
        self.file = file
        self.line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self.first_uses: dict[str, Span] = {}
        self.definitions: dict[str, Span] = {}
        self.open_braces: list[int] = []
        self.loose: list[tuple[Operation, Operation]] = []
        """Constants that older text has as numbers, each with the op that it is to stand before."""
        self._name_start = 0
        self._statements = Statements()
        self.ssa_values = cast("dict[str, tuple[SSAValue, ...]]", ValueNames())
        self._read = {}
        self._locations = LocationReader(text)

    def place(self, offset: int) -> SourceLocation:
        """File, line and column (from 1) of an offset into the text."""
        line = bisect_right(self.line_starts, offset)
        return SourceLocation(self.file, line, offset - self.line_starts[line - 1] + 1)

    def parse_operation(self) -> Operation:
        """One op, in its own syntax or the generic one; see xDSL's method for the grammar."""
        start = self._current_token.span.start
        line = LINE.match(self.lexer.input.content, start)
        op = self._parse_statement()
        if line is not None and self._current_token.span.start == line.end():
            self._statements.learn(line, op, self.ssa_values)
        return op

    def _parse_block_body(self, block: Block) -> None:
        self._parse_known(block)
        while (op := self.parse_optional_operation()) is not None:
            block.add_op(op)
            self._parse_known(block)

    def _parse_known(self, block: Block) -> None:
        """Reads lines that say what earlier ones said, as many as follow one another."""
        content = self.lexer.input
        start = end = self._current_token.span.start
        while (line := LINE.match(content.content, end)) is not None:
            op = self._statements.again(line, self.ssa_values)
            if op is None:
                break
            op.location = at(self.place(line.start("op")))
            if line["result"] is not None:
                span = Span(line.start("result") - 1, line.end("result"), content)
                self._bind(op, [(span, 1)], Span(*line.span("op"), content))
            place_last(block, op)
            end = line.end()
        if end > start:
            self._resume_from(end)

    def _parse_statement(self) -> Operation:
        bound = self._parse_op_result_list()
        span = self._current_token.span
        token = self._parse_optional_token(MLIRTokenKind.BARE_IDENT)
        name = (
            token.text if token else self.expect(self.parse_optional_str_literal, "expected an op")
        )
        self._name_start = span.start
        op_type = self._get_op_by_name(OLD_NAMES.get(name, name))
        stack = self._parser_state.dialect_stack
        stack.append(op_type.dialect_name())
        op = self._parse_body(op_type, span, generic=token is None)
        stack.pop()
        place = at(self.place(span.start))
        locate(op, place)  # with the terminators that the text leaves out
        op.location = located(place, self.parse_optional_location())
        self._bind(op, bound, span)
        self.loose += ((constant, op) for constant in loose_constants(op))
        return op

    def _parse_body(self, op_type: type[Operation], span: Span, generic: bool) -> Operation:
        """What follows the op's name."""
        try:
            if generic:
                return self._parse_generic_operation(op_type)
            special = op_parser(op_type.name)
            return op_type.parse(self) if special is None else special(self)
        except XDSL_ERRORS as error:
            raise ParseError(span, f"'{op_type.name}': {of_definition(error)}") from error

    def _bind(self, op: Operation, bound: list[tuple[Span, int]], span: Span) -> None:
        """Give the results the names on the left of the `=`."""
        wanted = sum(size for _, size in bound)
        if wanted and wanted != len(op.results):
            stand = "name stands" if wanted == 1 else "names stand"
            self.raise_error(
                f"'{op.name}' has {len(op.results)} results, but {wanted} {stand} before it",
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
        start = self._name_start
        span = Span(start, start + len(name), self.lexer.input)
        for prefix, reason in OUT_OF_SCOPE.items():
            if name.startswith(prefix):
                raise ParseError(span, f"'{name}' is out of scope: {reason}")
        for dialect in self.ctx.registered_dialect_names:
            self.ctx.get_optional_op(f"{dialect}.")  # loads the dialect
        known = [op.name for op in self.ctx.loaded_ops]
        raise ParseError(span, f"there is no op '{name}'{_meant(name, known)}")

    def resolve_operand(
        self, operand: UnresolvedOperand, type: AttributeInvT
    ) -> SSAValue[AttributeInvT]:
        """The value behind a name; a name not yet defined is remembered with its place."""
        name = operand.operand_name
        values = self.ssa_values.get(name)
        if values is None:
            self.first_uses.setdefault(name, operand.span)
        elif operand.index < len(values) and values[operand.index].type != type:
            raise ParseError(
                operand.span,
                f"%{name} has type {values[operand.index].type}, but {type} is expected here",
            )
        return super().resolve_operand(operand, type)

    def parse_type(self) -> TypeAttribute:
        return self.read_once(PLAIN_TYPE, super().parse_type)

    def parse_optional_attr_dict(self) -> dict[str, Attribute]:
        return {**self.read_once(PLAIN_DICTIONARY, super().parse_optional_attr_dict)}

    def parse_dimension_list(self) -> list[int]:
        """`16x32`, or with blanks, `16 x 32`; the `x` before an element type is left."""
        dims: list[int] = []
        while self._current_token.kind in (MLIRTokenKind.INTEGER_LIT, MLIRTokenKind.QUESTION):
            dims.append(self.parse_shape_dimension())
            start = self._current_token.span.start
            if self._parse_optional_shape_delimiter() is None:
                break
            if self._current_token.kind not in (MLIRTokenKind.INTEGER_LIT, MLIRTokenKind.QUESTION):
                self._resume_from(start)
                break
        return dims

    def _parse_location(self) -> LocationAttr:
        """What stands within `loc(...)`."""
        return self._locations.read(self)

    def parse_optional_operand(self) -> SSAValue | None:
        """A value that is defined already."""
        token = self._current_token
        if token.kind is MLIRTokenKind.PERCENT_IDENT and token.text[1:] not in self.ssa_values:
            self.first_uses[token.text[1:]] = token.span
            raise self._undefined(token.text[1:])
        return super().parse_optional_operand()

    def parse_optional_region(self, arguments: Iterable[Parser.Argument] | None = None) -> Any:
        """A region; while it is open, its brace is remembered."""
        self.open_braces.append(self._current_token.span.start)
        region = super().parse_optional_region(arguments)
        self.open_braces.pop()
        return region

    def _parse_block(self) -> Block:
        """A labelled block, whose label no other region has used."""
        label = self._current_token
        name = label.text[1:]
        known = self.blocks.get(name)
        if known and known[1] is None and name not in self.forward_block_references:
            raise ParseError(label.span, f"^{name} is branched to from another region")
        return super()._parse_block()

    def parse_optional_builtin_int_or_float_attr(self) -> Any:
        """A number; a float is written with a point, as MLIR asks."""
        token = self._current_token
        found = super().parse_optional_builtin_int_or_float_attr()
        if isinstance(found, FloatAttr) and token.text.isdecimal():
            raise ParseError(token.span, f"a float is written with a point: {token.text}.0")
        return found

    def parse_dense_int_or_fp_elements_attr(self, type: Any) -> DenseIntOrFPElementsAttr:
        if type is not None:
            self._check_elements(type)
        return super().parse_dense_int_or_fp_elements_attr(type)

    def _parse_tensor_literal_element(self) -> Any:
        token = self._current_token
        found = super()._parse_tensor_literal_element()
        kind = _Bits if token.text.startswith("0x") else _Number
        return kind(found.is_negative, found.value, found.span)

    def _parse_dense_literal_type(self) -> Any:
        type = super()._parse_dense_literal_type()
        self._check_elements(type)
        return type

    def _check_elements(self, type: Any) -> None:
        """`dense<0>` of a large type is short to write, but every element of it would be made."""
        count = prod(type.get_shape())
        if count > _MOST_ELEMENTS:
            self.raise_error(
                f"a constant of {count:,} elements: no memory of the array holds nearly as many"
            )

    def parse_design(self) -> ModuleOp:
        """The whole text as a module; an empty text is an empty module."""
        if self._at_end():
            return self._placed(ModuleOp([]))
        try:
            module = self._placed(self.parse_module())
            settle(module, self.loose)
            return module
        except ParseError as error:
            if not self._at_end():
                raise
            if self.open_braces:
                raise self._unclosed() from error
            if not self.forward_ssa_references:
                raise
            raise self._undefined(next(iter(self.forward_ssa_references))) from error

    def _placed(self, module: ModuleOp) -> ModuleOp:
        """A module that the text does not name is the file as a whole, line 0."""
        if module.location is UNKNOWN_LOC:
            module.location = at(SourceLocation(self.file, 0, 0))
        return module

    def _at_end(self) -> bool:
        return self._current_token.kind is MLIRTokenKind.EOF

    def _unclosed(self) -> ParseError:
        start = self.open_braces[-1]
        span = Span(start, start + 1, self.lexer.input)
        return ParseError(span, "this '{' is not closed: the text ends before its '}'")

    def _undefined(self, name: str) -> DesignError:
        use = self.place(self.first_uses[name].start)
        if (other := self.definitions.get(name)) is not None:
            where = self.place(other.start)
            return DesignError(
                f"%{name} is not visible here",
                use,
                (f"it is defined in another region, at {where}",),
            )
        near = get_close_matches(name, self.definitions, n=1, cutoff=0.6)
        hint = f"; did you mean '%{near[0]}'?" if near else ""
        return DesignError(f"%{name} is not defined{hint}", use)

    def _register_ssa_definition(self, name: str, values: Sequence[SSAValue], span: Span) -> None:
        if name in self.ssa_values:
            first = self.place(self.definitions[name].start)
            raise DesignError(
                f"%{name} is defined twice", self.place(span.start), (f"first at {first}",)
            )
        self.definitions[name] = span
        super()._register_ssa_definition(name, values, span)
        for value in values:
            if value.name_hint is not None:
                value._name = name  # the setter cuts off `_0` at the end
            if type(value) is BlockArgument and value.location is UNKNOWN_LOC:
                value.location = at(self.place(span.start))


class _Number(Parser._TensorLiteralElement):
    """An element of `dense<...>`; a float is written with a point, as MLIR asks."""

    def to_type(self, parser: Any, type: Any) -> Any:
        if isinstance(type, AnyFloat) and isinstance(self.value, int):
            parser.raise_error(f"a float is written with a point: {self.value}.0", self.span)
        return super().to_type(parser, type)


class _Bits(Parser._TensorLiteralElement):
    """An element in hexadecimal digits: of a float, these are its bits."""

    def to_type(self, parser: Any, type: Any) -> Any:
        if not isinstance(type, AnyFloat):
            return super().to_type(parser, type)
        assert isinstance(self.value, int)
        if self.value >> 8 * type.compile_time_size:
            parser.raise_error(f"{self.span.text} has more bits than {type}", self.span)
        (found,) = type.unpack(self.value.to_bytes(type.compile_time_size, "little"), 1)
        return found


def parse_module(text: str, file: Path, ctx: Context | None = None) -> ModuleOp:
    """The module of a design. Raises DesignError."""
    if ctx is None:
        from softnpu.dialects.context import context

        ctx = context()
    try:
        return DesignParser(ctx, text, file).parse_design()
    except ParseError as error:
        raise _design_error(error, ctx, text, file) from error
    except RecursionError as error:
        raise DesignError(f"{file} is nested too deeply to be read") from error


def _meant(name: str, known: Iterable[str]) -> str:
    """The end of a message about a name that is none: the one nearest to it."""
    near = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else ""


def _design_error(error: ParseError, ctx: Context, text: str, file: Path) -> DesignError:
    """A parse error in the author's terms."""
    span, message = error.span, of_parser(error.msg, error.span.text)
    if isinstance(error, MultipleSpansParseError) and "missing block" in error.msg:
        span = error.refs[0][0]
        message = f"there is no block {span.text} in this region"
    elif (unknown := UNKNOWN_NAME.fullmatch(error.msg)) is not None:
        known = [named.name for named in (*ctx.loaded_attrs, *ctx.loaded_types)]
        message += _meant(unknown[1], known)
    elif error.msg == "type expected":
        message += _meant(span.text, BUILTIN_TYPES)
    start = span.start
    line = text.count("\n", 0, start) + 1
    column = start - (text.rfind("\n", 0, start) + 1) + 1
    printable = "".join(c if c.isprintable() else "?" for c in message)
    return DesignError(printable, SourceLocation(file, line, column))

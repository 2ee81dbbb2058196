"""One function's body: MLIR values become C expressions, ops become lines.

A value with one use, in the same block and with nothing in between that could change it, is
written where it is used; any other gets a variable. What each op means in C stands in the
`ops_*` modules, which register themselves here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar, cast

from xdsl.dialects.builtin import MemRefType
from xdsl.ir import Attribute, Block, Operation, SSAValue

from softnpu.dialects.aie import LockOp
from softnpu.dialects.source import design_error, location_of
from softnpu.targets.core_c import expr as c
from softnpu.targets.core_c.expr import Expr, Prec, Span
from softnpu.targets.core_c.memory import MemRef, layout_of
from softnpu.targets.core_c.names import Names
from softnpu.targets.core_c.types import I32, INDEX, CType, c_type, pointer
from softnpu.targets.core_c.unit import Unit
from softnpu.targets.core_c.writer import Writer

ValueHandler = Callable[["Function", Operation], Expr]
StatementHandler = Callable[["Function", Operation], None]
V = TypeVar("V", bound=ValueHandler)
S = TypeVar("S", bound=StatementHandler)

VALUES: dict[str, ValueHandler] = {}
"""Ops that only compute their one result."""
STATEMENTS: dict[str, StatementHandler] = {}
"""All others but terminators."""

LONGEST_INLINE = 72
"""Longer expressions get a variable, for the reader's sake."""


def value_op(*names: str) -> Callable[[V], V]:
    """Register what an op's result is in C."""

    def register(handler: V) -> V:
        VALUES.update(dict.fromkeys(names, handler))
        return handler

    return register


def statement_op(*names: str) -> Callable[[S], S]:
    """Register how an op is written in C; the handler binds its results itself."""

    def register(handler: S) -> S:
        STATEMENTS.update(dict.fromkeys(names, handler))
        return handler

    return register


class Function:
    """Writes one function's body."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.names = Names(unit.names, unit.symbol_names)
        self.writer = Writer()
        self.values: dict[SSAValue, Expr | MemRef] = {}
        self.counters: list[str] = []
        """The variables of the `for` loops around the place of writing."""

    # reading values

    def expr(self, value: SSAValue) -> Expr:
        """A value's expression, exact in all bits."""
        return self.tight(self.loose(value), self.type(value))

    def loose(self, value: SSAValue) -> Expr:
        """A value's expression, right in the bits that its type has."""
        found = self.values.get(value)
        if found is None:
            found = self.values[value] = self._from_device(value)
        assert isinstance(found, Expr)
        self.writer.use(found)
        return found

    def _from_device(self, value: SSAValue) -> Expr:
        """A value that the core's body takes from around the core: a lock or a constant."""
        op = value.owner
        if isinstance(op, LockOp):
            return c.literal(self.unit.lock_number(op))
        if isinstance(op, Operation) and op.name in VALUES and not op.operands:
            return VALUES[op.name](self, op)
        raise design_error(self.owner_of(value), "this value cannot be used inside of a core")

    def memref(self, value: SSAValue) -> MemRef:
        """A memref value."""
        found = self.values.get(value)
        if found is None:
            found = self.values[value] = self.unit.buffer(value)
        assert isinstance(found, MemRef)
        self.writer.use(*found.parts)
        return found

    def type(self, value: SSAValue) -> CType:
        """The C type of a value."""
        return self.type_of(value.type, self.owner_of(value))

    def type_of(self, type: Attribute, op: Operation) -> CType:
        """The C type of an MLIR type that `op` uses; DesignError if there is none."""
        found = c_type(type)
        if found is None:
            raise design_error(op, f"a value of type {type} is not supported in a core's body")
        if found.kind == "vector":
            self.unit.uses_vector(found)
        return found

    def owner_of(self, value: SSAValue) -> Operation:
        """The op that a value comes from, or in whose body it is an argument."""
        owner = value.owner
        if isinstance(owner, Block):
            parent = owner.parent_op()
            assert parent is not None
            return parent
        return owner

    def tight(self, value: Expr, type: CType) -> Expr:
        """The value brought to the representation of its type."""
        if not value.loose:
            return value
        if type.kind == "bool":
            return replace(c.binary("&", value, c.literal(1), Prec.AND), loose=False)
        if type.exact:
            return c.cast(type.name, value)
        return c.call("core_wrap", Expr(type.name), c.literal(type.bits), value)

    # binding values

    def bind(self, result: SSAValue, value: Expr | MemRef) -> None:
        """Say what a result is; an expression is put into a variable where it must be."""
        if not isinstance(value, Expr) or self._can_wait(result, value):
            self.values[result] = value
        elif result.first_use is not None:
            self.values[result] = self.store(value, self.type(result), result.name_hint or "v")

    def store(self, value: Expr, type: CType, name: str = "v") -> Expr:
        """Put an expression into a new variable."""
        if not type.exact:
            value = self.tight(value, type)
        name = self.names.take(name)
        self.writer.declare(type, name, value)
        return c.variable(name)

    def settled(self, value: SSAValue, name: str = "v") -> Expr:
        """A value as a constant or variable, so that it can be written more than once."""
        found = self.expr(value)
        if found.literal is not None or _is_variable(found):
            return found
        return self.store(found, self.type(value), name)

    def declare_variable(self, value: SSAValue, first: Expr | None = None) -> None:
        """Declare a variable that branches assign to, and make it the value's."""
        name = self.names.take(value.name_hint or "v")
        self.writer.declare(self.type(value), name, first)
        self.values[value] = c.variable(name)

    def start_variable(self, value: SSAValue, first: SSAValue) -> None:
        """The same, starting with another value."""
        if isinstance(value.type, MemRefType):
            self.variables_for([value])
            self.hand_over([value], [first])
        else:
            self.declare_variable(value, self.expr(first))

    def alias(self, value: SSAValue, source: SSAValue) -> None:
        """Make a value another name of `source`, which need not be a variable."""
        if isinstance(value.type, MemRefType):
            self.values[value] = self.memref(source)
            return
        found = self.expr(source)
        if found.literal is None and (not _is_variable(found) or found.text in self.counters):
            found = self.store(found, self.type(value), value.name_hint or "v")
        self.values[value] = found

    @contextmanager
    def counter_name(self, span: Span | None = None) -> Iterator[Expr]:
        """A name for the variable of a `for` loop that is written inside this context."""
        name = self.names.loop(len(self.counters))
        self.counters.append(name)
        try:
            yield c.variable(name, span)
        finally:
            self.counters.pop()

    def _can_wait(self, result: SSAValue, value: Expr) -> bool:
        """Whether the expression can be written at its use."""
        if value.literal is not None:
            return True
        if _is_variable(value) and value.text not in self.counters:
            # A variable that branches assign changes only where its block is entered, and from
            # there the way to any use of this value leads past this op again.
            return True
        use = result.first_use
        if use is None or result.get_user_of_unique_use() is None:
            return False
        producer, user = result.owner, use.operation
        if not isinstance(producer, Operation) or user.parent is not producer.parent:
            return False
        if len(value.text) > LONGEST_INLINE:
            return False
        return not value.memory or not _changes_between(producer, user)

    # writing ops

    def emit(self, op: Operation) -> None:
        """Write one op that is no terminator."""
        with self.writer.written_for(location_of(op)):
            self._emit(op)

    def _emit(self, op: Operation) -> None:
        compute = VALUES.get(op.name)
        if compute is not None:
            if op.results[0].first_use is not None:
                self.bind(op.results[0], compute(self, op))
            return
        write = STATEMENTS.get(op.name)
        if write is None:
            raise self.unsupported(op)
        write(self, op)

    def emit_all(self, ops: Iterable[Operation]) -> None:
        """Write ops in order."""
        for op in ops:
            self.emit(op)

    def unsupported(self, op: Operation, what: str = "") -> Exception:
        """The error for an op, or for a use of it, that has no C here."""
        return design_error(
            op,
            f"'{op.name}'{f' {what}' if what else ''} is not supported in a core's body",
            "move this part into a C kernel, or build with AMD's tools",
        )

    def for_head(self, name: Expr, type: CType, first: Expr, test: str, step: Expr) -> str:
        """`for (...)`; the counter is an int where that is known to do."""
        counter = I32 if name.span is not None else type
        advance = f"{name}++" if step.literal == 1 else f"{name} += {step}"
        return f"for ({counter.declare(f'{name} = {first}')}; {test}; {advance})"

    def line(self, template: str, *parts: Expr) -> None:
        """Write a line with expressions in the places of `{}`."""
        self.writer.line(template.format(*map(str, parts)))

    # values handed over: block arguments, loop results

    def variables_for(self, values: Sequence[SSAValue]) -> None:
        """Declare the variables that values handed from block to block live in."""
        for value in values:
            if isinstance(value.type, MemRefType):
                self.values[value] = self._memref_variable(value, value.type)
            else:
                self.declare_variable(value)

    def _memref_variable(self, value: SSAValue, type: MemRefType) -> MemRef:
        name = value.name_hint or "view"
        layout = layout_of(type, self.owner_of(value))

        def part(known: int | None, what: str) -> Expr:
            return self._declared(INDEX, f"{name}_{what}") if known is None else c.literal(known)

        return MemRef(
            self._declared(pointer(cast(CType, self.type(value).element)), name),
            cast(CType, self.type(value).element),
            part(layout.offset, "offset"),
            tuple(part(size, f"size{i}") for i, size in enumerate(layout.sizes)),
            tuple(part(stride, f"stride{i}") for i, stride in enumerate(layout.strides)),
        )

    def _declared(self, type: CType, name: str) -> Expr:
        made = self.names.take(name)
        self.writer.declare(type, made)
        return c.variable(made)

    def hand_over(self, targets: Sequence[SSAValue], sources: Sequence[SSAValue]) -> None:
        """Assign sources to targets' variables, as if all at once."""
        pairs: list[tuple[Expr, Expr, CType]] = []
        for target, source in zip(targets, sources, strict=True):
            pairs.extend(self._assignments(target, source))
        self.assign_together(pairs)

    def assign_together(self, pairs: list[tuple[Expr, Expr, CType]]) -> None:
        """Assign several variables, none of which may change before all values are read."""
        pairs = [pair for pair in pairs if pair[0].text != pair[1].text]
        while pairs:
            ready = next((p for p in pairs if not _read_by_others(p[0], pairs, p)), None)
            if ready is None:
                target, _, type = pairs[0]
                old = self.store(target, type, f"old_{target}")
                pairs = [(t, _renamed(v, target, old), k) for t, v, k in pairs]
                continue
            pairs.remove(ready)
            self.writer.use(ready[0])
            self.line("{} = {};", ready[0], ready[1])

    def _assignments(self, target: SSAValue, source: SSAValue) -> list[tuple[Expr, Expr, CType]]:
        if isinstance(target.type, MemRefType):
            return list(self.memref(target).assignments(self.memref(source)))
        type = self.type(target)
        value = self.loose(source) if type.exact else self.expr(source)
        return [(cast(Expr, self.values[target]), value, type)]


def _is_variable(value: Expr) -> bool:
    return value.text.isidentifier() and not value.memory


def _changes_between(producer: Operation, user: Operation) -> bool:
    """Whether an op from `producer` to `user` does more than compute."""
    op = producer.next_op
    while op is not None and op is not user:
        if op.name not in VALUES:
            return True
        op = op.next_op
    return False


def _read_by_others(
    target: Expr, pairs: list[tuple[Expr, Expr, CType]], own: tuple[Expr, Expr, CType]
) -> bool:
    return any(target.text in pair[1].reads for pair in pairs if pair is not own)


def _renamed(value: Expr, old: Expr, new: Expr) -> Expr:
    """`value` with one variable in place of another."""
    if old.text not in value.reads:
        return value
    import re

    text = re.sub(rf"\b{re.escape(old.text)}\b", new.text, value.text)
    return replace(value, text=text, reads=value.reads - old.reads | new.reads)

"""Lines of C in nested blocks, with declarations that can still move to the function's start.

Each remembers where in the design the op stands that it was written for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from softnpu.errors import SourceLocation
from softnpu.targets.core_c.expr import Expr
from softnpu.targets.core_c.types import CType

INDENT = "    "
Path = tuple[int, ...]
Origin = SourceLocation | None
Row = tuple[str, Origin]
"""A line of C, and the op in the design that it is there for."""


@dataclass
class Line:
    """One line of C."""

    text: str
    origin: Origin = None

    def render(self, depth: int) -> Iterator[Row]:
        yield INDENT * depth + self.text, self.origin


@dataclass
class Label:
    """A label, printed only if something jumps to it."""

    name: str
    used: bool = False
    origin: Origin = None

    def render(self, depth: int) -> Iterator[Row]:
        if self.used:
            yield f"{INDENT * (depth - 1)}{self.name}:;", self.origin


@dataclass
class Declaration:
    """A variable's declaration; once hoisted, the assignment that is left of it."""

    type: CType
    name: str
    value: Expr | None
    path: Path
    hoisted: bool = False
    origin: Origin = None

    def render(self, depth: int) -> Iterator[Row]:
        declared = self.name if self.hoisted else self.type.declare(self.name)
        if self.value is not None:
            yield f"{INDENT * depth}{declared} = {self.value};", self.origin
        elif not self.hoisted:
            yield f"{INDENT * depth}{declared};", self.origin


@dataclass
class Block:
    """A braced block: what stands before the brace, the items, what follows the brace."""

    head: str
    items: list[Item] = field(default_factory=list)
    tail: Block | None = None
    origin: Origin = None

    def render(self, depth: int) -> Iterator[Row]:
        yield f"{INDENT * depth}{self.head} {{".replace("  {", " {"), self.origin
        yield from self.render_items(depth + 1)
        closing = f"{INDENT * depth}}}"
        if self.tail is None:
            yield closing, self.origin
            return
        (head, origin), *rest = self.tail.render(depth)
        yield f"{closing} {head.strip()}", origin
        yield from rest

    def render_items(self, depth: int) -> Iterator[Row]:
        for item in self.items:
            yield from item.render(depth)


Item = Line | Label | Declaration | Block


class Writer:
    """Writes one function's body, and knows which block each variable is declared and used in.

    Attributes:
        origin: where the op stands that is being written.
    """

    def __init__(self) -> None:
        self.origin: Origin = None
        self.root = Block("")
        self._stack = [self.root]
        self._path: Path = ()
        self._next = 0
        self._declarations: dict[str, Declaration] = {}
        self._uses: dict[str, set[Path]] = defaultdict(set)

    @contextmanager
    def written_for(self, origin: Origin) -> Iterator[None]:
        """What is written inside this context is there for the op at `origin`."""
        before, self.origin = self.origin, origin
        try:
            yield
        finally:
            self.origin = before

    @property
    def here(self) -> Path:
        """The blocks around the place of writing, outermost first, as numbers."""
        return self._path

    def use(self, *expressions: Expr) -> None:
        """Note that variables are used here."""
        for expression in expressions:
            for name in expression.reads:
                self._uses[name].add(self._path)

    def line(self, text: str) -> None:
        """Write one line."""
        self._add(Line(text))

    def lines(self, texts: Iterable[str]) -> None:
        """Write several lines."""
        for text in texts:
            self.line(text)

    def label(self, label: Label) -> None:
        """Write a label."""
        self._add(label)

    def declare(self, type: CType, name: str, value: Expr | None = None) -> None:
        """Declare a variable here, with a value or without."""
        declaration = Declaration(type, name, value, self._path)
        self._declarations[name] = declaration
        self._add(declaration)

    @contextmanager
    def block(self, head: str) -> Iterator[Block]:
        """Write into a braced block after `head`, until the context ends."""
        made = Block(head)
        self._add(made)
        with self.inside(made):
            yield made

    @contextmanager
    def inside(self, block: Block) -> Iterator[Block]:
        """Write into a block that is, or will be, placed by the caller."""
        outer = self._path
        self._next += 1
        self._path = (*outer, self._next)
        self._stack.append(block)
        try:
            yield block
        finally:
            self._stack.pop()
            self._path = outer

    def place(self, block: Block) -> None:
        """Put a block that has been written into here."""
        self._add(block)

    def _add(self, item: Item) -> None:
        item.origin = self.origin
        self._stack[-1].items.append(item)

    def adopt(self, block: Block) -> None:
        """Put what is in a block here, without its braces."""
        self._stack[-1].items.extend(block.items)

    def mark(self) -> int:
        """A place in the current block, for `since`."""
        return len(self._stack[-1].items)

    def since(self, mark: int) -> int:
        """How many items have been written to the current block since a mark."""
        return len(self._stack[-1].items) - mark

    def render(self) -> list[Row]:
        """The body's lines; variables used outside of their block are declared at the start."""
        hoisted: list[Row] = []
        for name, declaration in self._declarations.items():
            depth = len(declaration.path)
            if any(path[:depth] != declaration.path for path in self._uses[name]):
                declaration.hoisted = True
                hoisted.append((f"{INDENT}{declaration.type.declare(name)};", None))
        return [*hoisted, *self.root.render_items(1)]

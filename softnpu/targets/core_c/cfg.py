"""The shape of a region's control flow: order, dominators, loops, and where each block goes.

Blocks are placed so that a structured program comes out of any reducible flow ("Beyond
Relooper", N. Ramsey, 2022), with one change: what a loop exits to is placed behind the loop,
not inside.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property

from xdsl.ir import Block, Region


@dataclass
class Loop:
    """A natural loop: its header, its blocks, and the blocks placed behind it."""

    header: Block
    blocks: set[Block]
    after: list[Block] = field(default_factory=list)


class Cfg:
    """Control flow among the blocks of a region that can be reached.

    Attributes:
        order: the blocks in reverse post-order.
        number: each block's place in that order.
        predecessors: for each block the blocks that branch to it, one entry an edge.
        dominator: for each block but the first its immediate dominator.
        reducible: whether every backward edge leads to a block that dominates its source.
        loops: the loops by header.
        merges: for each block the blocks with several forward edges that it dominates
            immediately and that are placed after it, in order.
    """

    def __init__(self, region: Region) -> None:
        self.order = _reverse_post_order(region.blocks[0])
        self.number = {block: i for i, block in enumerate(self.order)}
        self.predecessors: dict[Block, list[Block]] = defaultdict(list)
        for block in self.order:
            for successor in successors(block):
                self.predecessors[successor].append(block)
        self.dominator = self._dominators()
        backward = [
            (block, successor)
            for block in self.order
            for successor in successors(block)
            if self.number[successor] <= self.number[block]
        ]
        self.reducible = all(self.dominates(header, latch) for latch, header in backward)
        self.loops: dict[Block, Loop] = {}
        self._placed: set[Block] = set()
        self.merges: dict[Block, list[Block]] = defaultdict(list)
        if self.reducible:
            for latch, header in backward:
                self._add_to_loop(header, latch)
            self._place()

    def dominates(self, above: Block, below: Block) -> bool:
        """Whether every way to `below` leads through `above`."""
        while self.number[below] > self.number[above]:
            below = self.dominator[below]
        return below is above

    def forward_predecessors(self, block: Block) -> list[Block]:
        """The sources of the edges to a block that do not close a loop."""
        return [p for p in self.predecessors[block] if self.number[p] < self.number[block]]

    def is_inline(self, block: Block, source: Block) -> bool:
        """Whether the block is written where `source` branches to it."""
        forward = self.number[source] < self.number[block]
        return forward and block not in self._placed and self.is_entered_once(block)

    def is_entered_once(self, block: Block) -> bool:
        """Whether a single edge leads to the block, apart from those that close its loop."""
        return len(self.forward_predecessors(block)) == 1

    def enclosing(self, block: Block) -> list[Loop]:
        """The loops around a block, innermost first."""
        return self._enclosing[block]

    @cached_property
    def _enclosing(self) -> dict[Block, list[Loop]]:
        found: dict[Block, list[Loop]] = defaultdict(list)
        for loop in sorted(self.loops.values(), key=lambda loop: -self.number[loop.header]):
            for block in loop.blocks:
                found[block].append(loop)
        return found

    def _dominators(self) -> dict[Block, Block]:
        """Cooper, Harvey and Kennedy's algorithm."""
        entry = self.order[0]
        found = {entry: entry}
        changed = True
        while changed:
            changed = False
            for block in self.order[1:]:
                known = [p for p in self.predecessors[block] if p in found]
                best = known[0]
                for other in known[1:]:
                    best = self._common(found, best, other)
                changed |= found.get(block) is not best
                found[block] = best
        return found

    def _common(self, dominator: dict[Block, Block], left: Block, right: Block) -> Block:
        while left is not right:
            while self.number[left] > self.number[right]:
                left = dominator[left]
            while self.number[right] > self.number[left]:
                right = dominator[right]
        return left

    def _add_to_loop(self, header: Block, latch: Block) -> None:
        loop = self.loops.setdefault(header, Loop(header, {header}))
        pending = [latch]
        while pending:
            block = pending.pop()
            if block not in loop.blocks:
                loop.blocks.add(block)
                pending.extend(self.predecessors[block])

    def _place(self) -> None:
        for block in self.order[1:]:
            above = self.dominator[block]
            left = [loop for loop in self.enclosing(above) if block not in loop.blocks]
            if left:
                left[-1].after.append(block)
                self._placed.add(block)
            elif len(self.forward_predecessors(block)) > 1:
                self.merges[above].append(block)
                self._placed.add(block)


def successors(block: Block) -> list[Block]:
    """The blocks that a block branches to, one entry an edge."""
    last = block.last_op
    return list(last.successors) if last is not None else []


def _reverse_post_order(entry: Block) -> list[Block]:
    order: list[Block] = []
    seen = {entry}
    stack = [(entry, iter(successors(entry)))]
    while stack:
        block, rest = stack[-1]
        following = next((b for b in rest if b not in seen), None)
        if following is None:
            order.append(block)
            stack.pop()
        else:
            seen.add(following)
            stack.append((following, iter(successors(following))))
    return order[::-1]

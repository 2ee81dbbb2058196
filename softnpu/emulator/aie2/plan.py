"""What an instruction does in which stage: its reads, its address, its memory access, its result.

In stage s of an instruction that is issued in cycle t, registers are read and written at time
t + s: reads see what was written before that time, and what is written at it through a bypass
that both share (softnpu.isa.timing).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class Read:
    """A register that is read into a variable."""

    name: str
    register: str
    stage: int
    bypass: str


@dataclass(frozen=True)
class Write:
    """A register that is written, and the variable that holds what.

    Attributes:
        latches: whether bits that are set stay so: status flags, but for the carry.
    """

    name: str
    register: str
    stage: int
    bypass: str
    latches: bool = False


@dataclass
class Plan:
    """An instruction, stage by stage.

    Variables are named without the instruction's own prefix, for which `@` stands in C; `@here`
    is the bundle's address, `@follows` the one behind its delay slots, `@ahead` how many bundles
    the cycles have not been counted of.

    Attributes:
        reads, writes: registers.
        address: C statements of stage 1 that set `at`, and a pointer's and counter's new values.
        load, store: (C statement that sets `load` or stores `data`, at `at`; stage).
        accesses: (bytes, stage) of what memory banks have to serve at `at`.
        computed: the stage in which `statements` compute, after `load` and the last read.
        variables: C type by variable, of all that `reads`, `address`, `load` and `statements` set.
        branch: whether it sets `taken` and `target`.
        request: C statements that ask the surroundings; "" for none.
        condition: C that says whether it asks at all; "" where it always does.
    """

    reads: list[Read] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    address: list[str] = field(default_factory=list)
    load: tuple[str, int] | None = None
    store: tuple[str, int] | None = None
    accesses: list[tuple[int, int]] = field(default_factory=list)
    computed: int = 1
    statements: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    branch: bool = False
    request: str = ""
    condition: str = ""

    @cached_property
    def last(self) -> int:
        """The stage in which the last thing happens."""
        stages = [self.computed, *(one.stage for one in self.reads)]
        stages += [one.stage for one in self.writes]
        return max(stages + [access[1] for access in (self.load, self.store) if access])

"""Many random designs, one after the other; what is wrong is made small and shown."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from softnpu.targets.standin import compile_kernel
from tests.fuzz import (
    cascades,
    controls,
    fifos,
    mistakes,
    mixtures,
    relays,
    sequences,
    slots,
    streams,
    traces,
    workers,
)
from tests.fuzz.board import Design
from tests.fuzz.bodies import KERNEL_OBJECT, KERNEL_SOURCE
from tests.fuzz.checking import Outcome, Verdict, check
from tests.fuzz.choices import Choices, Drawn, shrink
from tests.fuzz.elfs import shared

KINDS: dict[str, Callable[[Choices], Design]] = {
    "links": fifos.links,
    "fifos": workers.fifos,
    "windows": workers.windows,
    "cascades": cascades.cascades,
    "circuits": streams.circuits,
    "traces": traces.traces,
    "relays": relays.relays,
    "sequences": sequences.sequences,
    "packets": streams.packets,
    "slots": slots.slots,
    "controls": controls.controls,
    "mixed": mixtures.mixed,
    "mistakes": mistakes.mistakes,
}

ATTEMPTS = 400
"""Designs that are tried to make a wrong one smaller."""


@dataclass(frozen=True)
class Case:
    """One random design.

    Attributes:
        given: its decisions, if they are not drawn by the seed.
    """

    kind: str
    seed: int
    given: Drawn | None = None

    def design(self) -> Design:
        source = Random(f"{self.kind} {self.seed}") if self.given is None else self.given
        return KINDS[self.kind](Choices(source))

    @property
    def command(self) -> str:
        """What makes and checks it again."""
        return f"python -m tests.fuzz --kind {self.kind} --seed {self.seed} --count 1"


@dataclass
class Report:
    """What became of many designs."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    sorts: Counter[tuple[Outcome, str]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    """What is wrong: the smallest design for it, and how to see it again."""

    def add(self, verdict: Verdict) -> None:
        self.outcomes[verdict.outcome] += 1
        if verdict.sort:
            self.sorts[verdict.outcome, verdict.sort] += 1


def cases(kinds: Iterable[str], seed: int, count: int) -> Iterator[Case]:
    """`count` cases from a seed on, of one kind after the other."""
    names = list(kinds)
    for number in range(seed, seed + count):
        yield Case(names[number % len(names)], number)


class Checker:
    """Checks designs with kernels at hand and programs of cores shared."""

    def __init__(self, folder: Path) -> None:
        source = folder / Path(KERNEL_OBJECT).with_suffix(".c")
        source.write_text(KERNEL_SOURCE)
        compile_kernel(source, folder / KERNEL_OBJECT)
        self._folder = folder

    def verdict(self, case: Case) -> Verdict:
        return check(case.design(), case.seed, self._folder)

    def smallest(self, case: Case, verdict: Verdict) -> Case:
        """The smallest case found that is wrong in the same way."""

        def fails(drawn: Drawn) -> bool:
            found = self.verdict(Case(case.kind, case.seed, drawn))
            return found.outcome is Outcome.WRONG and found.sort == verdict.sort

        drawn = shrink(case.design().drawn, fails, ATTEMPTS)
        return Case(case.kind, case.seed, drawn)

    def explained(self, case: Case, verdict: Verdict) -> str:
        """A wrong design in its smallest form, what is wrong with it, and how to see it again."""
        small = self.smallest(case, verdict)
        return "\n".join(
            [
                f"{case.kind}, seed {case.seed}: {verdict.sort}",
                "",
                small.design().text,
                self.verdict(small).text,
                "",
                f"again: {case.command}",
            ]
        )


def search(
    chosen: Iterable[Case],
    each: Callable[[Case, Verdict], None] | None = None,
) -> Report:
    """Checks cases, and tells `each` of them; of those that are wrong alike, one is explained."""
    report = Report()
    with tempfile.TemporaryDirectory(prefix="fuzz-kernels-") as folder, shared():
        checker = Checker(Path(folder))
        for case in chosen:
            verdict = checker.verdict(case)
            known = (verdict.outcome, verdict.sort) in report.sorts
            report.add(verdict)
            if each is not None:
                each(case, verdict)
            if verdict.outcome is Outcome.WRONG and not known:
                report.wrong.append(checker.explained(case, verdict))
    return report

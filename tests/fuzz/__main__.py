"""`python -m tests.fuzz`: random designs, compiled, run and compared with what they say."""

from __future__ import annotations

import argparse
import sys
import time

from tests.fuzz.campaign import KINDS, Case, Report, cases, search
from tests.fuzz.checking import Outcome, Verdict

DESCRIPTION = """\
Makes up designs, compiles each, runs it on the emulator in plain and in shuffled order, and
compares what comes out with a model of a few lines. A design that is wrong is told at once, with
the command that makes it again; at the end the smallest one that is wrong in each way is shown. The
same seed gives the same design.

  python -m tests.fuzz --count 2000                the designs of seeds 0 to 1999, all kinds
  python -m tests.fuzz --kind links --seed 4711    objectfifo links only, from another seed on
  python -m tests.fuzz --kind links --seed 17 --count 1 --show    one design and its text
"""


CLEAR = "\r\033[K"


class Teller:
    """Tells of what is wrong at once, and on a terminal how far it is."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._terminal = sys.stderr.isatty()
        self._began = self._last = time.monotonic()
        self._wrong = 0

    def __call__(self, case: Case, verdict: Verdict) -> None:
        if self._options.show:
            self._print(case.design().text)
            self._print(f"{case.kind}, seed {case.seed}: {verdict.outcome.value}\n{verdict.text}")
        if verdict.outcome is Outcome.WRONG:
            self._wrong += 1
            self._print(f"wrong: {case.kind}, seed {case.seed}: {verdict.sort}; {case.command}")
        if self._terminal:
            self._bar(case.seed - self._options.seed + 1)

    def _print(self, text: str) -> None:
        if self._terminal:
            print(CLEAR, end="", file=sys.stderr, flush=True)
        print(text, flush=True)

    def _bar(self, done: int) -> None:
        now = time.monotonic()
        if done == self._options.count:
            print(CLEAR, end="", file=sys.stderr, flush=True)
        elif now - self._last > 1:
            self._last = now
            left = (now - self._began) / done * (self._options.count - done)
            line = f"{done} of {self._options.count}, {self._wrong} wrong, {left / 60:.0f} min left"
            print(f"{CLEAR}{line}", end="", file=sys.stderr, flush=True)


def main() -> int:
    options = _options()
    began = time.monotonic()
    chosen = cases(options.kind or list(KINDS), options.seed, options.count)
    report = search(chosen, Teller(options))
    _print(report, time.monotonic() - began)
    return 1 if report.wrong else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--count", type=int, default=200, help="designs (200)")
    parser.add_argument("--seed", type=int, default=0, help="of the first; each has its own (0)")
    parser.add_argument("--kind", action="append", choices=KINDS, help="only these; repeatable")
    parser.add_argument("--show", action="store_true", help="print every design")
    return parser.parse_args()


def _print(report: Report, seconds: float) -> None:
    count = sum(report.outcomes.values())
    for text in report.wrong:
        print(f"{'=' * 80}\n{text}")
    for (outcome, sort), number in sorted(report.sorts.items(), key=lambda item: -item[1]):
        print(f"{number:6}  {outcome.value}: {sort}")
    told = ", ".join(f"{report.outcomes[outcome]} {outcome.value}" for outcome in Outcome)
    print(f"{count} designs in {seconds:.0f} s: {told}")


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.fuzz`: random designs, compiled, run and compared with what they say."""

from __future__ import annotations

import argparse
import sys
import time

from tests.fuzz.campaign import KINDS, Case, Report, cases, search
from tests.fuzz.checking import Outcome, Verdict

DESCRIPTION = """\
Makes up designs, compiles each, runs it on the emulator in plain and in shuffled order, and
compares what comes out with a model of a few lines. A design that is wrong is made as small as it
goes and printed, with the command that makes it again. The same seed gives the same design.

  python -m tests.fuzz --count 2000                the designs of seeds 0 to 1999, all kinds
  python -m tests.fuzz --kind links --seed 4711    objectfifo links only, from another seed on
  python -m tests.fuzz --kind links --seed 17 --count 1 --show    one design and its text
"""


def main() -> int:
    options = _options()
    kinds = options.kind or list(KINDS)
    began = time.monotonic()
    last = began

    def tell(case: Case, verdict: Verdict) -> None:
        nonlocal last
        if options.show:
            print(case.design().text)
            print(f"{case.kind}, seed {case.seed}: {verdict.outcome.value}\n{verdict.text}")
        if sys.stderr.isatty() and time.monotonic() - last > 1:
            last = time.monotonic()
            print(f"\r{case.seed - options.seed + 1} of {options.count}", end="", file=sys.stderr)

    report = search(cases(kinds, options.seed, options.count), tell)
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

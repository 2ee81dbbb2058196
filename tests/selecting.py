"""Which tests `./doit test --fast` runs: of every room some, of no function all its parameters.

`tests/slow.txt` holds what takes long, by function; `./doit test --measure` writes it anew for the
modules that it runs. What is new counts as fast until somebody has measured it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path

import pytest

LISTED = Path(__file__).with_name("slow.txt")
SLOW = 0.2
"""Seconds from which on a function is listed: of its slowest run, with what it sets up."""
ALWAYS = ("tests/test_end_to_end.py::test_a_design_is_built_run_and_passed",)
"""From a template to a verdict, by the command that a user types."""
PARAMETERS = 3
"""Of a function with more, the first, the last and what lies evenly between them."""


def slow() -> dict[str, float]:
    """Seconds by function, "tests/test_rebuild.py::test_nothing"."""
    lines = LISTED.read_text(encoding="utf-8").splitlines() if LISTED.is_file() else []
    return {name: float(seconds) for seconds, name in (line.split(maxsplit=1) for line in lines)}


def kept(ids: Sequence[str], taking: Mapping[str, float], failed: Container[str] = ()) -> list[str]:
    """The tests to run, in their order.

    Args:
        ids: of tests, as pytest has them.
        taking: seconds of functions that are slow.
        failed: tests that have, the last time that they ran: they are run whatever they take.
    """
    functions: dict[str, list[str]] = {}
    for name in ids:
        functions.setdefault(function(name), []).append(name)
    chosen = {name for name in functions if name not in taking or name in ALWAYS}
    by_room: dict[str, list[str]] = {}
    for name in functions:
        by_room.setdefault(room(name), []).append(name)
    for names in by_room.values():
        if chosen.isdisjoint(names):
            chosen.add(min(names, key=lambda name: taking[name]))
    tests = {test for name in chosen for test in spread(functions[name], PARAMETERS)}
    return [name for name in ids if name in tests or name in failed]


def function(test: str) -> str:
    """A test's function, without its parameters."""
    return test.partition("[")[0]


def room(test: str) -> str:
    """The folder that a test lies in."""
    return test.partition("::")[0].rpartition("/")[0]


def spread(tests: Sequence[str], most: int) -> list[str]:
    """At most so many, from the first to the last."""
    if len(tests) <= most:
        return list(tests)
    return [tests[round(n * (len(tests) - 1) / (most - 1))] for n in range(most)]


def listed(before: Mapping[str, float], measured: Iterable[tuple[str, float]]) -> str:
    """The list's text after a run: of modules that ran what was measured, of others as it was.

    Args:
        measured: each test that ran, with its seconds.
    """
    longest: dict[str, float] = {}
    for test, seconds in measured:
        name = function(test)
        longest[name] = max(longest.get(name, 0.0), seconds)
    ran = {name.partition("::")[0] for name in longest}
    found = {n: s for n, s in before.items() if n.partition("::")[0] not in ran}
    found |= {name: seconds for name, seconds in longest.items() if seconds >= SLOW}
    return "".join(f"{found[name]:.1f} {name}\n" for name in sorted(found))


class Fast:
    """Leaves out what `kept` does not keep."""

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Before those that failed the last time are put first (--ff)."""
        cache = getattr(config, "cache", None)  # none with -p no:cacheprovider
        failed = cache.get("cache/lastfailed", {}) if cache else {}
        stay = set(kept([item.nodeid for item in items], slow(), failed))
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in stay])
        items[:] = [item for item in items if item.nodeid in stay]


class Measure:
    """Writes the list anew when the run is over."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Adds what setting up, running and tearing down took."""
        before = self._seconds.get(report.nodeid, 0.0)
        self._seconds[report.nodeid] = before + report.duration

    def pytest_sessionfinish(self) -> None:
        """Of the process that hears of all tests, workers' as well."""
        LISTED.write_text(listed(slow(), self._seconds.items()), encoding="utf-8")

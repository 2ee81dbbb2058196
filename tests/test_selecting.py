"""What `./doit test` and `./doit test --fast` run, and what first."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests import selecting
from tests.project import ROOT
from tests.selecting import kept, listed, spread

TESTS = [
    *("tests/docs/test_a.py::test_one", "tests/docs/test_a.py::test_two"),
    *(f"tests/isa/test_b.py::test_each[{n}]" for n in range(9)),
    *("tests/kernels/test_c.py::test_built", "tests/kernels/test_c.py::test_built_twice"),
]
TAKING = {
    "tests/docs/test_a.py::test_two": 3.0,
    "tests/kernels/test_c.py::test_built": 4.0,
    "tests/kernels/test_c.py::test_built_twice": 8.0,
}


def test_every_room_is_gone_into_and_no_function_has_all_its_parameters() -> None:
    assert kept(TESTS, TAKING) == [
        "tests/docs/test_a.py::test_one",
        *(f"tests/isa/test_b.py::test_each[{n}]" for n in (0, 4, 8)),
        "tests/kernels/test_c.py::test_built",
    ]


def test_a_design_is_built_and_run_whatever_that_takes() -> None:
    (name,) = selecting.ALWAYS
    assert name in selecting.slow()
    assert kept([*TESTS, "tests/test_a.py::test_one", name], {**TAKING, name: 9.0})[-1] == name


def test_what_failed_is_run_whatever_it_takes() -> None:
    failed = {"tests/kernels/test_c.py::test_built_twice", "tests/isa/test_b.py::test_each[1]"}
    assert failed <= set(kept(TESTS, TAKING, failed))


@pytest.mark.parametrize(("number", "found"), [(1, "0"), (3, "012"), (4, "013"), (10, "049")])
def test_of_many_the_first_and_the_last_are_among_those_that_stay(number: int, found: str) -> None:
    chosen = spread([str(n) for n in range(number)], 3)
    assert (chosen[0], chosen[-1], len(chosen)) == (found[0], found[-1], len(found))


def test_a_run_that_measures_writes_its_own_modules_anew_and_leaves_the_others() -> None:
    measured = [("tests/docs/test_a.py::test_one[x]", 0.7), ("tests/docs/test_a.py::test_two", 0.1)]
    text = listed(TAKING, [*measured, ("tests/docs/test_a.py::test_one[y]", 0.9)])
    assert text.splitlines() == [
        "0.9 tests/docs/test_a.py::test_one",
        "4.0 tests/kernels/test_c.py::test_built",
        "8.0 tests/kernels/test_c.py::test_built_twice",
    ]


def _ran(folder: Path, *options: str, fast: bool = False) -> list[str]:
    """The tests that `./doit test` runs of a suite, in their order."""
    found: dict[str, object] = {}
    exec(_task_of_dodo(), found)
    command = found["pytest_command"]
    assert callable(command)
    words = shlex.split(command(["-n", "1", "-v", *options], fast))
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    return re.findall(r"(?:PASSED|FAILED) (\S+)", done.stdout.partition("short test summary")[0])


def _task_of_dodo() -> str:
    """The function that makes the command, without the designs that dodo.py finds."""
    tree = ast.parse((ROOT / "dodo.py").read_bytes())
    wanted = [n for n in tree.body if getattr(n, "name", "") == "pytest_command"]
    assert wanted
    return f"import sys\n{ast.unparse(ast.Module(wanted, []))}"


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A test suite with this one's options; one of its tests fails."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "tests/__init__.py").write_text("")
    (tmp_path / "tests/selecting.py").write_text((ROOT / "tests/selecting.py").read_text())
    (tmp_path / "tests/conftest.py").write_text((ROOT / "tests/conftest.py").read_text())
    (tmp_path / "tests/slow.txt").write_text("9.9 tests/test_b.py::test_fails\n")
    (tmp_path / "tests/test_a.py").write_text("def test_first(): pass\n")
    (tmp_path / "tests/test_b.py").write_text("def test_fails(): assert 0\n")
    return tmp_path


def test_what_failed_the_last_time_is_run_first_and_stays_when_it_has_to_be_fast(
    suite: Path,
) -> None:
    first, failing = "tests/test_a.py::test_first", "tests/test_b.py::test_fails"
    assert _ran(suite, fast=True) == [first]
    assert _ran(suite) == [first, failing]
    assert _ran(suite) == [failing, first]
    assert _ran(suite, fast=True) == [failing, first]

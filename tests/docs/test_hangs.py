"""docs/hangs.md: the mistakes that it makes hang as it says, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project import ROOT, Project, make_project

PAGE = (ROOT / "docs" / "hangs.md").read_text(encoding="utf-8")
HANGS = re.findall(
    r"^In `(?P<file>[^`]+)`.*?^```diff\n(?P<diff>.*?)^```$.*?^```text\n(?P<told>.*?)^```$",
    PAGE,
    re.MULTILINE | re.DOTALL,
)
"""The file that each mistake is in, what it changes there, what is printed."""


@pytest.fixture(scope="module")
def designs(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project with the designs that the mistakes are made in."""
    names = {Path(file).name.partition(".")[0] for file, _, _ in HANGS}
    return make_project(tmp_path_factory.mktemp("hangs") / "project", *names)


@pytest.fixture
def project(designs: Project) -> Iterator[Project]:
    """The same, and their files as they were behind the test."""
    folder = designs.root / "mlir_templates"
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    yield designs
    for path, content in before.items():
        path.write_bytes(content)


def test_three_mistakes_are_made() -> None:
    assert len(HANGS) == 3


@pytest.mark.parametrize(("file", "diff", "told"), HANGS)
def test_a_mistake_hangs_as_the_page_says(
    project: Project, file: str, diff: str, told: str
) -> None:
    old, new = ("".join(_of(sign, diff)) for sign in "-+")
    project.edit(file, old, new)
    name = told.split()[1]
    done = project.doit(f"build:{name}", f"test_emu:{name}")
    assert done.returncode == 1
    printed = _lines(done.stdout)
    first = next(n for n, line in enumerate(printed) if line.startswith("FAIL"))
    expected = _lines(told)
    assert printed[first : first + len(expected)] == expected


def _of(sign: str, diff: str) -> Iterator[str]:
    return (line[1:] for line in diff.splitlines(keepends=True) if line[0] == sign)


def _lines(text: str) -> list[str]:
    """Without the run's time, where one stands in front of what it says."""
    return [re.sub(r" +[\d.]+ ms  ", "  ", line).rstrip() for line in text.splitlines()]

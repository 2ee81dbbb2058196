"""`npuforge docs`: the pages, wherever npuforge is installed; messages name these and no files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import docs
from pipeline.__main__ import main
from pipeline.errors import PipelineError
from tests.project import ROOT

PACKAGES = ("pipeline", "runner", "softnpu")


def _said() -> Iterator[tuple[str, str]]:
    """What may reach somebody: texts in code that are no docstrings, and pages that are made."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for text in _texts(ast.parse(path.read_bytes())):
                yield path.relative_to(ROOT).as_posix(), text
        for path in sorted((ROOT / package).rglob("*.html.j2")):
            yield path.relative_to(ROOT).as_posix(), path.read_text()


def _texts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        alone = [n.value for n in ast.iter_child_nodes(node) if isinstance(n, ast.Expr)]
        others = (n for n in ast.iter_child_nodes(node) if n not in alone)
        if isinstance(node, ast.Expr):
            continue
        yield from (
            other.value
            for other in others
            if isinstance(other, ast.Constant) and isinstance(other.value, str)
        )


SAID = list(_said())


def _files_that_say(pattern: str) -> set[str]:
    return {file for file, text in SAID if re.search(pattern, text)}


def test_messages_name_pages_by_the_command_that_shows_them() -> None:
    """But for what writes a page itself."""
    assert _files_that_say(r"docs/\w+\.md") == {"pipeline/messages_page.py"}


def test_what_only_a_checkout_has_is_named_where_an_environment_of_its_own_is_told_apart() -> None:
    assert _files_that_say(r"requirements-\w+\.txt|\./doit") == {
        "pipeline/extras.py",
        "pipeline/helping.py",
        "runner/messages.py",
        "runner/whisper_layer.py",
        "softnpu/environment.py",
    }


def test_every_page_and_section_that_a_message_names_is_there() -> None:
    named = [found for _, text in SAID for found in re.findall(r"npuforge docs ([a-z_#-]+)", text)]
    assert len(named) > 10
    for name in named:
        assert docs.section(*name.split("#", 1))


def test_the_wheel_takes_the_pages_along() -> None:
    _, _, taken = (ROOT / "pyproject.toml").read_text().partition("wheel.force-include]\n")
    assert '"docs" = "pipeline/library/docs"' in taken.partition("\n[")[0].splitlines()


def test_without_a_name_all_pages_are_listed_with_their_titles(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["docs"]) == 0
    listed = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert [name for name, _ in listed] == sorted(p.stem for p in (ROOT / "docs").glob("*.md"))
    assert ["hangs", "How to read a hang"] in listed


@pytest.mark.parametrize("name", ["hangs", "hangs.md"])
def test_in_a_pipe_a_page_is_shown_as_it_is(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["docs", name]) == 0
    assert capsys.readouterr().out == (ROOT / "docs/hangs.md").read_text()


def test_a_section_goes_up_to_the_next_of_its_level_and_code_has_no_headings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docs").mkdir()
    page = "# One\n\n## What's `this`?\n\n```sh\n# no heading\n```\n### In it\nx\n## Two\ny\n"
    (tmp_path / "docs/one.md").write_text(page)
    monkeypatch.setattr(docs, "library", lambda: tmp_path)
    assert docs.section("one", "whats-this") == page[page.index("## What") : page.index("## Two")]
    assert docs.section("one", "two") == "## Two\ny\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("hardwear", "there is no page 'hardwear'; did you mean hardware?: `npuforge docs` lists"),
        ("hangs#furthr", "hangs has no section 'furthr'; did you mean further?"),
    ],
)
def test_a_page_that_is_not_there_is_an_error_with_the_nearest(
    words: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["docs", words]) == 1
    assert told in capsys.readouterr().err


def test_the_site_is_for_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PipelineError, match=r"there is no mkdocs\.yml here"):
        docs.build()


def test_the_pair_of_compilers_is_the_locked_one_without_a_checkout_too() -> None:
    locked = (ROOT / "requirements-amd.txt").read_text().splitlines()
    page = docs.section("hardware", "5-compilers")
    for line in locked:
        assert line.startswith("#") or line in page

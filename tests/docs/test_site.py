"""The site: every page is reached, every link leads somewhere, and no network is needed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline import docs
from pipeline.errors import PipelineError
from tests.browser import Shown, started

ROOT = Path(__file__).resolve().parents[2]

_LOADED = re.compile(r'<(?:script|link|img)[^>]+(?:src|href)="(https?://[^"]+)"')


def test_every_page_is_in_the_navigation() -> None:
    listed = set(re.findall(r"[\w-]+\.md", (ROOT / "mkdocs.yml").read_text()))
    assert {page.name for page in (ROOT / "docs").glob("*.md")} == listed


def test_without_mkdocs_the_command_that_installs_it_is_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("pipeline.extras.find_spec", lambda _name: None)
    monkeypatch.setattr("sys.prefix", str(tmp_path))
    monkeypatch.chdir(ROOT)
    with pytest.raises(PipelineError, match=r"pip install -r requirements-docs\.txt"):
        docs.build()


def test_the_site_is_built_and_loads_nothing_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mkdocs")
    pytest.importorskip("material")
    monkeypatch.chdir(ROOT)
    docs.build(tmp_path)
    pages = list(tmp_path.glob("*.html"))
    assert len(pages) > 10
    for page in pages:
        foreign = _LOADED.findall(page.read_text())
        assert foreign == [], page.name


def test_the_search_works_on_files_that_nobody_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mkdocs")
    pytest.importorskip("material")
    monkeypatch.chdir(ROOT)
    docs.build(tmp_path / "site")
    for driver in started(tmp_path / "profile"):
        shown = Shown(driver, tmp_path / "site" / "index.html")
        shown.open()
        shown.one("input.md-search__input").click()
        shown.one("input.md-search__input").send_keys("wait chain")
        shown.until("document.querySelectorAll('.md-search-result__link').length > 0")
        found = [link.get_attribute("href") for link in shown.all(".md-search-result__link")]
        assert any("emulator.html" in address for address in found), found
        assert shown.complaints() == []
        shown.keep("site-search")


def test_a_link_that_leads_nowhere_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mkdocs")
    pytest.importorskip("material")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text("[there](nowhere.md)\n")
    settings = (ROOT / "mkdocs.yml").read_text()
    (tmp_path / "mkdocs.yml").write_text(settings.partition("nav:")[0])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PipelineError, match=r"nowhere\.md"):
        docs.build(tmp_path / "out")

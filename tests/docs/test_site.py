"""The site: every page is reached, every link leads somewhere, and no network is needed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline import docs
from pipeline.errors import PipelineError
from tests.browser import DESK, PHONE, Shown, started

ROOT = Path(__file__).resolve().parents[2]

_LOADED = re.compile(r'<(?:script|link|img)[^>]+(?:src|href)="(https?://[^"]+)"')


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built once."""
    need_packages()
    made = tmp_path_factory.mktemp("docs") / "site"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        docs.build(made)
    return made


def need_packages() -> None:
    for package in ("mkdocs", "material", "mermaidx"):
        pytest.importorskip(package)


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


def test_the_site_is_built_and_loads_nothing_from_elsewhere(site: Path) -> None:
    pages = list(site.glob("*.html"))
    assert len(pages) > 10
    for page in pages:
        foreign = _LOADED.findall(page.read_text())
        assert foreign == [], page.name


def test_the_search_works_on_files_that_nobody_serves(site: Path, tmp_path: Path) -> None:
    for driver in started(tmp_path / "profile"):
        shown = Shown(driver, site / "index.html")
        shown.open()
        shown.one("input.md-search__input").click()
        shown.one("input.md-search__input").send_keys("wait chain")
        shown.until("document.querySelectorAll('.md-search-result__link').length > 0")
        found = [link.get_attribute("href") for link in shown.all(".md-search-result__link")]
        assert any("emulator.html" in address for address in found), found
        assert shown.complaints() == []
        shown.keep("site-search")


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_every_diagram_is_drawn_from_files_that_nobody_serves(
    site: Path, tmp_path: Path, size: tuple[int, int]
) -> None:
    written = len(re.findall("^```mermaid", (ROOT / "docs/kernels.md").read_text(), re.MULTILINE))
    assert written
    for driver in started(tmp_path / "profile"):
        shown = Shown(driver, site / "kernels.html")
        shown.open(size)
        shown.until(f"document.querySelectorAll('div.mermaid').length === {written}")
        assert shown.all("pre.mermaid") == []
        for diagram in shown.all("div.mermaid"):
            shown.run("arguments[0].scrollIntoView()", diagram)
            assert diagram.size["height"] > 150, "shrunk, or empty"
        assert shown.run("document.documentElement.scrollWidth") <= size[0]
        assert shown.complaints() == []
        shown.keep(f"site-diagram-{size[0]}")


def test_a_page_without_a_diagram_is_spared_the_library(site: Path) -> None:
    assert "mermaid.min.js" in (site / "kernels.html").read_text()
    assert "mermaid.min.js" not in (site / "index.html").read_text()


def test_a_link_that_leads_nowhere_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_packages()
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text("[there](nowhere.md)\n")
    (tmp_path / "tools").symlink_to(ROOT / "tools")
    settings = (ROOT / "mkdocs.yml").read_text()
    (tmp_path / "mkdocs.yml").write_text(settings.partition("nav:")[0])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PipelineError, match=r"nowhere\.md"):
        docs.build(tmp_path / "out")

"""`npuforge docs`: the pages that come with npuforge; in a checkout all of them as a site.

Messages name pages by this command: it finds them where npuforge is installed, too.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import PipelineError
from pipeline.extras import need
from pipeline.new import library

if TYPE_CHECKING:
    from softnpu.subcommands import Subparsers

DESCRIPTION = """\
Shows a page of npuforge's documentation, or a section of it; without a name, lists the pages.

  npuforge docs hardware
  npuforge docs emulator#when-it-hangs
  npuforge docs hangs | less
"""

SITE = Path("build/site")
QUIET = {"NO_MKDOCS_2_WARNING": "1"}
"""mkdocs-material's word about its own future is none about our pages."""
SETTINGS = Path("mkdocs.yml")

_HEADING = re.compile(r"^(#+) (.+)$")
_FENCE = "```"


def add_parser(subparsers: Subparsers) -> None:
    """Adds `docs` to the command line."""
    parser = subparsers.add_parser(
        "docs",
        help="show a page of the documentation",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "page", nargs="?", metavar="PAGE[#SECTION]", help="what to show; all are listed without"
    )
    parser.add_argument(
        "--site",
        action="store_true",
        help=f"in a checkout of npuforge: write all pages as a site to {SITE}",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Shows, lists or writes.

    Raises:
        PipelineError: there is no such page or section; the site cannot be built.
    """
    if options.site:
        build()
    elif options.page:
        _show(section(*options.page.removesuffix(".md").split("#", 1)))
    else:
        width = max(map(len, pages()))
        for name in pages():
            sys.stdout.write(f"{name:<{width}}  {title(name)}\n")
    return 0


def pages() -> Mapping[str, Path]:
    """The pages by name, in alphabetical order."""
    return {path.stem: path for path in sorted((library() / "docs").glob("*.md"))}


def title(name: str) -> str:
    """What a page is called."""
    return next(text for _, _, text in _headings(_text(name)))


def section(name: str, part: str = "") -> str:
    """A page's text, or a section's: from its heading to the next of its level.

    Args:
        part: the heading's anchor on the site.

    Raises:
        PipelineError: there is no such page or section; the nearest is named.
    """
    text = _text(name)
    if not part:
        return text
    found = list(_headings(text))
    anchors = [anchor(heading) for _, _, heading in found]
    if part not in anchors:
        raise PipelineError(f"{name} has no section {part!r}{_nearest(part, anchors)}")
    start, level, _ = found[anchors.index(part)]
    ends = (line for line, other, _ in found if line > start and other <= level)
    return "".join(text.splitlines(keepends=True)[start : next(ends, None)])


def anchor(heading: str) -> str:
    """By what a link leads to a heading, as the site's table of contents has it."""
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower())


def _text(name: str) -> str:
    known = pages()
    if name not in known:
        raise PipelineError(
            f"there is no page {name!r}{_nearest(name, known)}: `npuforge docs` lists them"
        )
    return known[name].read_text(encoding="utf-8")


def _nearest(word: str, known: list[str] | Mapping[str, Path]) -> str:
    near = get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _headings(text: str) -> Iterator[tuple[int, int, str]]:
    """Line from 0, level and text of each heading; what begins with # in code is none."""
    code = False
    for number, line in enumerate(text.splitlines()):
        code ^= line.lstrip().startswith(_FENCE)
        if not code and (found := _HEADING.match(line)):
            yield number, len(found[1]), found[2]


def _show(text: str) -> None:
    """As it is, or on a terminal laid out."""
    if not sys.stdout.isatty():
        sys.stdout.write(text)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(text))


def build(site: Path = SITE) -> None:
    """Writes the site, which works without a network; a link that leads nowhere is a failure.

    Raises:
        PipelineError: with what mkdocs says; this is no checkout.
    """
    if not SETTINGS.is_file():
        raise PipelineError(
            f"there is no {SETTINGS} here: the site is built in npuforge's checkout"
        )
    need("docs")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    done = subprocess.run(
        [*command, "--site-dir", str(site.absolute())],
        env={**os.environ, **QUIET},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PipelineError(done.stdout + done.stderr)
    sys.stdout.write(f"docs      {site}/index.html\n")

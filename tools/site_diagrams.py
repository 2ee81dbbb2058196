"""The diagrams of the site: a hook of mkdocs, named in mkdocs.yml.

mkdocs-material draws blocks of `mermaid` in the browser, in its own colours, with a Mermaid that it
loads from the network unless the page has one. So that there is one without a network, the
library's own file is taken from a wheel (mermaidx, which holds it unchanged) into the site, and
pages with a diagram load it before the theme looks for it.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files
from mkdocs.utils import get_relative_url

LIBRARY, SETTINGS = "assets/mermaid.min.js", "assets/diagrams.js"
DIAGRAM = '<pre class="mermaid">'


def on_files(files: Files, config: Any) -> Files:
    """Adds the library to the site."""
    files.append(File.generated(config, LIBRARY, abs_src_path=str(library())))
    return files


def on_post_page(output: str, page: Any, config: Any) -> str:
    """Has a page with a diagram load the library: behind its text, before the theme's own script.

    3.6 MB are read from the disk then, which other pages are spared.
    """
    del config
    if DIAGRAM not in output:
        return output
    sources = (get_relative_url(script, page.url) for script in (LIBRARY, SETTINGS))
    loaded = "".join(f'<script src="{source}"></script>' for source in sources)
    before, theme, behind = output.rpartition('<script id="__config"')
    return f"{before}{loaded}{theme}{behind}"


def library() -> Path:
    """Where Mermaid lies.

    Raises:
        ModuleNotFoundError: the wheel is not installed.
    """
    found = find_spec("mermaidx")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("mermaidx: pip install -r requirements-docs.txt")
    return Path(found.origin).parent / "assets" / "mermaid.js"

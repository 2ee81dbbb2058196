"""Writes the page: everything that is known of each design, in templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline import timings
from pipeline.designs import Variant
from pipeline.errors import PipelineError
from pipeline.report.design import DesignPart, gather
from softnpu.inspect.picture import STYLE
from softnpu.inspect.report import size
from softnpu.warned import counted

TEMPLATES = Path(__file__).parent / "templates"


def write(variants: Iterable[Variant], broken: Mapping[str, PipelineError], target: Path) -> int:
    """Writes the page and gives its size in bytes; it refers to no other file."""
    noted = timings.load()
    designs = [gather(variant, noted) for variant in variants]
    text = render(designs, {name: str(error) for name, error in broken.items()})
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return len(text.encode())


def render(designs: Iterable[DesignPart], broken: Mapping[str, str]) -> str:
    """The page as HTML."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        size=rounded_size, slug=slug, number=number, milliseconds=milliseconds, counted=counted
    )
    return environment.get_template("page.html.j2").render(
        designs=list(designs),
        broken=broken,
        style=_trusted("style.css") + Markup(STYLE),
        script=_trusted("script.js"),
        run_script=_trusted("run.js"),
    )


def _trusted(name: str) -> Markup:
    """A file of the templates' folder, as it is."""
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))


def rounded_size(count: int) -> str:
    """Bytes as far as they matter on the page; the exact number stands in `npuforge dump`."""
    exact = size(count)
    return f"{count / 1024:.1f} KiB" if exact.endswith("bytes") and count >= 1024 else exact


def slug(label: str) -> str:
    """A label as an element's id: vector_scale/small -> vector_scale-small."""
    return label.replace("/", "-")


def number(value: float) -> str:
    """A figure with as many digits as say something."""
    return f"{value:,.0f}" if value == int(value) else f"{value:.4g}"


def milliseconds(seconds: float | None) -> str:
    """A duration for the table, if there is one."""
    return "\N{EN DASH}" if seconds is None else f"{1000 * seconds:,.1f}"

"""Writes the page: everything that is known of each design, in templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline import timings
from pipeline.designs import Variant
from pipeline.errors import PipelineError
from pipeline.report import faults
from pipeline.report.design import DesignPart, gather
from pipeline.report.faults import Fault
from pipeline.report.origin import Origin, origin
from pipeline.report.saying import said
from pipeline.selection import Toolchain
from runner.figures import figure
from softnpu.inspect.picture import STYLE
from softnpu.inspect.report import size
from softnpu.warned import counted

TEMPLATES = Path(__file__).parent / "templates"
SCRIPTS = ("script", "tables", "run")


def write(
    variants: Iterable[Variant],
    broken: Mapping[str, PipelineError],
    chain: Toolchain,
    target: Path,
) -> int:
    """Writes the page and gives its size in bytes; it refers to no other file."""
    noted = timings.load()
    designs = [gather(variant, noted) for variant in variants]
    general = [
        *faults.of_tools(chain.problems()),
        *(faults.of_design(name, str(error)) for name, error in broken.items()),
    ]
    text = render(designs, general, origin(chain))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return len(text.encode())


def render(designs: Iterable[DesignPart], general: Iterable[Fault], origin: Origin) -> str:
    """The page as HTML: what failed stands first.

    Args:
        general: faults of no variant that there is.
    """
    shown = sorted(designs, key=lambda design: (design.fault is None, _at(design)))
    found = [*general, *(design.fault for design in shown if design.fault)]
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        size=rounded_size,
        slug=slug,
        number=figure,
        milliseconds=milliseconds,
        counted=counted,
        said=said,
    )
    return environment.get_template("page.html.j2").render(
        designs=shown,
        faults=faults.in_order(found),
        known={design.label for design in shown},
        origin=origin,
        style=_trusted("style.css") + Markup(STYLE),
        scripts=[_trusted(f"{name}.js") for name in SCRIPTS],
    )


def _at(design: DesignPart) -> float:
    return design.fault.at if design.fault else 0.0


def _trusted(name: str) -> Markup:
    """A file of the templates' folder, as it is."""
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))


def rounded_size(count: int) -> str:
    """Bytes as far as they matter on the page; the exact number stands in `npuforge dump`."""
    exact = size(count)
    return f"{count / 1024:.1f} KiB" if exact.endswith("bytes") and count >= 1024 else exact


def slug(label: str) -> str:
    """A label as an element's id: vector_scale/small -> vector_scale-small."""
    return label.replace("/", "-").replace(" ", "-")


def milliseconds(seconds: float | None) -> str:
    """A duration for the table, if there is one."""
    return "\N{EN DASH}" if seconds is None else f"{1000 * seconds:,.1f}"

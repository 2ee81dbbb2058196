"""What npuforge's own stages are made of, with versions, as part of a task's key."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

COMPILER = ("softnpu/arch", "softnpu/dialects", "softnpu/passes", "softnpu/compiler")
"""What every compiler stage of softnpu is made of."""


_CHECK = tuple(
    f"softnpu/inspect/{name}.py"
    for name in ("array", "flows", "route_check", "routes", "streams", "written")
)
"""The check of routes against flows."""

COMPILED = ".pyc"
"""What Python leaves beside sources."""


@cache
def package_version(name: str) -> str:
    """The installed version of a Python package, e.g. "0.17.0"."""
    return str(metadata.version(name))


@cache
def source_version(*parts: str) -> str:
    """A short digest of npuforge's own sources at the named places.

    The sources are the version: an edit to a pass rebuilds what the pass makes.
    """
    digest = hashlib.sha256()
    for part in parts:
        place = ROOT / part
        for source in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if source.is_file() and source.suffix != COMPILED:
                digest.update(str(source.relative_to(ROOT)).encode())
                digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


@dataclass(frozen=True)
class Tools:
    """What a stage runs: Python packages by name, and parts of npuforge by path."""

    packages: tuple[str, ...]
    sources: tuple[str, ...]


_EMITTER = Tools(("xdsl",), (*COMPILER, "softnpu/targets", "softnpu/formats"))
_COMPILER = Tools(
    ("ziglang",),
    ("softnpu/targets/standin", "softnpu/targets/standin_runtime", "softnpu/targets/linking"),
)
_PACKER = Tools((), ("softnpu/formats", "softnpu/compiler"))

TOOLS = {
    "render": Tools(("jinja2",), ("pipeline/template.py",)),
    "kernels": _COMPILER,
    "lower": Tools(("xdsl",), (*COMPILER, *_CHECK, "softnpu/targets/cdo_streams.py")),
    "cores": Tools(("xdsl", "ziglang"), _EMITTER.sources),
    "insts": Tools(_EMITTER.packages, (*_EMITTER.sources, "pipeline/arguments.py")),
    "cdo": _EMITTER,
    "routes": Tools((), (*_CHECK, "softnpu/arch", "softnpu/formats", "softnpu/compiler")),
    "pdi": _PACKER,
    "xclbin": _PACKER,
    "test_emu": Tools(
        ("ml_dtypes", "numpy", "unicorn"),
        (
            *("softnpu/arch", "softnpu/formats", "softnpu/isa", "softnpu/emulator"),
            *("softnpu/pyxrt.py", "runner", "pipeline/checks.py"),
        ),
    ),
}
"""By stage."""


def tool_key(stage: str) -> dict[str, str]:
    """The tools behind a stage, by name, with their versions: part of its task's key."""
    tools = TOOLS[stage]
    versions = {name: package_version(name) for name in tools.packages}
    return {**versions, "npuforge": source_version(*tools.sources)}

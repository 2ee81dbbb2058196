"""`doit new`: the three files of a design that passes at once."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from doit.exceptions import TaskFailed

from pipeline.designs import KERNELS, TEMPLATES, discover
from pipeline.errors import PipelineError
from pipeline.failing import in_words
from runner import labels

SCAFFOLD = Path(__file__).parent / "scaffold"
_NAME = re.compile(r"[a-z_][a-z0-9_]*")


def new(root: Path, name: str, like: str = "") -> list[Path]:
    """Writes kernels_src/<name>.c, mlir_templates/<name>.mlir.j2 and <name>.py.

    Args:
        like: a design to start from; "" for one with comments that teach.

    Raises:
        PipelineError: for a name that will not do, a file that is there already, or several
            designs to start from.
        UnknownNameError: there is no design to start from.
    """
    if not _NAME.fullmatch(name):
        raise PipelineError(
            f"{name!r} cannot name a C function and a design; use small letters, digits and _"
        )
    files = _from_design(root, like, name) if like else _from_scaffold(root, name)
    for path in files:
        if path.exists():
            raise PipelineError("exists already; choose another name", path)
    for path, text in files.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return list(files)


def _from_scaffold(root: Path, name: str) -> dict[Path, str]:
    targets = {
        "kernel.c": root / KERNELS / f"{name}.c",
        "design.mlir.j2": root / TEMPLATES / f"{name}.mlir.j2",
        "design.py": root / TEMPLATES / f"{name}.py",
    }
    return {
        target: re.sub(r"\bNAME\b", name, (SCAFFOLD / source).read_text())
        for source, target in targets.items()
    }


def _from_design(root: Path, like: str, name: str) -> dict[Path, str]:
    """The other design's files, with its name replaced in C and MLIR.

    Headers, Python modules and kernels of other names stay shared.
    """
    like = _design(root, like)
    sources = [
        *(root / KERNELS).glob(f"{like}.c*"),
        *(root / TEMPLATES / f"{like}{s}" for s in (".mlir.j2", ".mlir", ".py")),
    ]
    found = [path for path in sources if path.is_file()]
    word = re.compile(rf"\b{re.escape(like)}\b(?!\.h\b)")
    return {
        path.with_name(path.name.replace(like, name, 1)): (
            path.read_text() if path.suffix == ".py" else word.sub(name, path.read_text())
        )
        for path in found
    }


def _design(root: Path, name: str) -> str:
    """The one design that a name stands for, or has variants of."""
    found = discover(root)
    known = [*(variant.label for variant in found.variants), *found.broken]
    meant = list(dict.fromkeys(map(labels.design_of, labels.chosen([name], known))))
    if len(meant) > 1:
        raise PipelineError(f"{name} stands for several designs: {', '.join(meant)}")
    return meant[0]


@in_words
def action(name: str, like: str) -> TaskFailed | None:
    """What the task `new` does."""
    if not name:
        return TaskFailed("error: give the design a name: doit new --name saxpy")
    written = new(Path(), name, like)
    lines = [f"wrote {path}\n" for path in written]
    sys.stdout.write("".join([*lines, f"now: ./doit {name}\n"]))
    return None

"""`npuforge new`: the three files of a design that passes at once."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from doit.exceptions import TaskFailed

from pipeline.designs import KERNELS, TEMPLATES, Variant
from pipeline.discovery import Discovery, discover
from pipeline.errors import PipelineError
from pipeline.failing import in_words
from runner import labels

SCAFFOLD = Path(__file__).parent / "scaffold"
LIBRARY = Path(__file__).parent / "library"
CHECKOUT = Path(__file__).resolve().parent.parent
_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def new(root: Path, name: str, like: str = "") -> list[Path]:
    """Writes kernels_src/<name>.c, mlir_templates/<name>.mlir.j2 and <name>.py.

    Args:
        like: a design to start from, the project's or one of npuforge's own; "" for one with
            comments that teach.

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
        path.parent.mkdir(parents=True, exist_ok=True)
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

    Headers, Python modules and kernels of other names stay shared; from the library they come
    along.
    """
    variants = _design(root, like)
    design = variants[0].design
    like, place = design.name, design.root
    sources = [
        *(place / KERNELS).glob(f"{like}.c*"),
        *(place / TEMPLATES / f"{like}{s}" for s in (".mlir.j2", ".mlir", ".py")),
    ]
    found = [path for path in sources if path.is_file()]
    word = re.compile(rf"\b{re.escape(like)}\b(?!\.h\b)")
    files = {
        root / path.relative_to(place).with_name(path.name.replace(like, name, 1)): (
            path.read_text() if path.suffix == ".py" else word.sub(name, path.read_text())
        )
        for path in found
    }
    if place != root:
        files.update(_shared(variants, root, found))
    return files


def _shared(
    variants: Sequence[Variant], root: Path, own: Collection[Path]
) -> Iterator[tuple[Path, str]]:
    """What else a library's design is made of, as far as the project does not have it.

    Raises:
        PipelineError: the project has another file of that name.
    """
    design = variants[0].design
    for source in _parts(variants):
        path, text = root / source.relative_to(design.root), source.read_text()
        if source in own:
            continue
        if not path.exists():
            yield path, text
        elif path.read_text() != text:
            raise PipelineError(
                f"is another file than the library's {path.name}, which {design.name} takes; rename"
                " it",
                path,
            )


def _parts(variants: Sequence[Variant]) -> dict[Path, None]:
    """All files of a design, and of those whose template or Python file it includes."""
    every = discover(variants[0].design.root).variants
    found: dict[Path, None] = {}
    waiting = list(variants)
    while waiting:
        variant = waiting.pop()
        design = variant.design
        files = [*variant.sources, *design.declarations, *_included(variant.kernels)]
        fresh = {path: None for path in files if path not in found}
        found.update(fresh)
        waiting += [v for v in every if fresh.keys() & {v.design.source, v.design.python}]
    return found


def _included(kernels: Iterable[Path]) -> Iterable[Path]:
    """C files with the headers beside them that they include, directly or not."""
    found: dict[Path, None] = {}
    waiting = list(kernels)
    while waiting:
        file = waiting.pop()
        if file not in found and file.is_file():
            found[file] = None
            waiting.extend(file.with_name(name) for name in _INCLUDE.findall(file.read_text()))
    return found


def library() -> Path:
    """The folder of the designs that come with npuforge: in a checkout, the checkout itself."""
    return LIBRARY if LIBRARY.is_dir() else CHECKOUT


def _design(root: Path, name: str) -> list[Variant]:
    """The variants of the one design that a name stands for, or has variants of.

    A project's own go before those of the library.
    """
    found = discover(root)
    known = [*(variant.label for variant in found.variants), *found.broken]
    if not labels.matching(name.rpartition(":")[2], known):
        further = discover(library())
        known += [variant.label for variant in further.variants]
        found = Discovery((*found.variants, *further.variants), found.broken)
    meant = list(dict.fromkeys(map(labels.design_of, labels.chosen([name], known))))
    if len(meant) > 1:
        raise PipelineError(f"{name} stands for several designs: {', '.join(meant)}")
    if meant[0] in found.broken:
        raise found.broken[meant[0]]
    return [variant for variant in found.variants if variant.design.name == meant[0]]


@in_words
def action(name: str, like: str) -> TaskFailed | None:
    """What the task `new` does."""
    if not name:
        return TaskFailed("error: give the design a name: npuforge new --name saxpy")
    written = new(Path(), name, like)
    lines = [f"wrote {path}\n" for path in written]
    sys.stdout.write("".join([*lines, f"now: npuforge {name}\n"]))
    return None

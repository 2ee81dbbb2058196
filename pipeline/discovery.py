"""Finds the author's designs in a project's folders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline import iron_programs
from pipeline.designs import TEMPLATES, Design, Variant
from pipeline.errors import PipelineError
from pipeline.iron_programs import NoIronError


@dataclass(frozen=True)
class Discovery:
    """What lies in the author's folders.

    Attributes:
        variants: those that can be built.
        broken: what is wrong with each design that is broken.
        skipped: by the labels of variants that this machine cannot render, why not.
    """

    variants: tuple[Variant, ...]
    broken: Mapping[str, PipelineError]
    skipped: Mapping[str, PipelineError] = field(default_factory=dict)


def discover(root: Path) -> Discovery:
    """Finds every design below root; a broken one hides no other."""
    folder = root / TEMPLATES
    variants: list[Variant] = []
    broken: dict[str, PipelineError] = {}
    skipped: dict[str, PipelineError] = {}
    for name in _names(folder) if folder.is_dir() else ():
        found: tuple[Variant, ...] = ()
        try:
            found = design_of(root, name).variants
            for variant in found:
                # What the task graph is made from.
                _ = variant.folder, variant.kernels, variant.buffers, variant.is_long
            variants.extend(found)
        except NoIronError as error:
            skipped |= {variant.label: error for variant in found}
        except PipelineError as error:
            broken[name] = error
        except OSError as error:
            broken[name] = PipelineError(str(error.strerror), Path(error.filename))
    return Discovery(tuple(variants), broken, skipped)


def _names(folder: Path) -> list[str]:
    """What the designs in a folder are called; the program of one is no design of its own."""
    files = list(folder.iterdir())
    programs = iron_programs.programs_of(path for path in files if path.suffix == ".py")
    return sorted({_stem(path) for path in files if path.name not in programs} - {""})


def _of_program(root: Path, name: str, python: Path) -> Design:
    """A design without a template: an IRON program that its Python file names, or is.

    Raises:
        PipelineError: it is neither.
    """
    if program := iron_programs.named_in(python):
        source = python.with_name(program)
        if not source.is_file():
            line = Design(root, name, source, python).line_of("design")
            raise PipelineError(f"{TEMPLATES}/{program} is missing", python, line)
        return Design(root, name, source, python)
    if iron_programs.is_program(python):
        return Design(root, name, python, None)
    raise PipelineError(
        f"its partner {TEMPLATES}/{name}.mlir.j2 is missing: the MLIR design goes there, or"
        ' `design = iron("...")` here names the program that prints it',
        python,
    )


def _stem(path: Path) -> str:
    for suffix in (".mlir.j2", ".mlir", ".py"):
        if path.name.endswith(suffix) and not path.name.startswith(("_", ".")):
            return path.name[: -len(suffix)]
    return ""


def design_of(root: Path, name: str) -> Design:
    """The design called `name` below root.

    Raises:
        PipelineError: one of its two files is missing, or there is one too many.
    """
    folder = root / TEMPLATES
    templated, plain, python = (folder / f"{name}{s}" for s in (".mlir.j2", ".mlir", ".py"))
    if templated.is_file() and plain.is_file():
        raise PipelineError(f"both {templated.name} and {plain.name} exist; keep one", templated)
    if templated.is_file() and not python.is_file():
        raise PipelineError(
            f"its partner {TEMPLATES}/{name}.py is missing: the template's parameters, the"
            " buffers and the numpy reference go there",
            templated,
        )
    if not templated.is_file() and not plain.is_file():
        return _of_program(root, name, python)
    source = templated if templated.is_file() else plain
    return Design(root, name, source, python if python.is_file() else None)

"""`npuforge init FOLDER`: a project of one's own, with a design that passes and explains itself."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import softnpu
from pipeline.errors import PipelineError

if TYPE_CHECKING:
    from softnpu.subcommands import Subparsers

FILES = {
    "README.md": "README.md",
    "dodo.py": "dodo.py",
    "doit.cfg": "doit.cfg",
    "requirements.txt": "requirements.txt",
    ".gitignore": "gitignore",
    ".github/workflows/ci.yml": "ci.yml",
    "tests/test_affine.py": "tests/test_affine.py",
}
"""What a project holds beside its designs, with what each file is made of."""

DESIGN = "affine"
"""The design that a project begins with."""

SOURCES = Path(__file__).parent / "project"

_DESCRIPTION = f"""Starts a project: kernels_src/, mlir_templates/ and tests/ with one small design
({DESIGN}) that passes, dodo.py, a README, a workflow for CI. In its folder `npuforge` builds and
runs everything; `npuforge new --name saxpy` adds a design."""

_EXAMPLES = """examples:
  npuforge init my-kernels     a new folder
  npuforge init .              here; nothing that is there is written over
"""


def add_parser(subparsers: Subparsers) -> None:
    """Adds the sub-command `init`."""
    parser = subparsers.add_parser(
        "init",
        help="start a project in a folder of its own",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="where; it is made if need be")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Writes the files and tells of them; returns the exit code."""
    written = init(options.folder)
    sys.stdout.writelines(f"wrote {path}\n" for path in written)
    here = options.folder.resolve() == Path.cwd()
    go = "" if here else f"cd {options.folder} && "
    sys.stdout.write(f"now: {go}npuforge\n")
    return 0


def init(folder: Path) -> list[Path]:
    """Writes a project's files, and returns their paths.

    Raises:
        PipelineError: one of them is there already; nothing is written then.
    """
    from pipeline.new import new

    for name in FILES:
        if (folder / name).exists():
            raise PipelineError("exists already; choose another folder", folder / name)
    folder.mkdir(parents=True, exist_ok=True)
    written = new(folder, DESIGN)
    words = {"PROJECT": folder.resolve().name, "VERSION": softnpu.__version__}
    for name, source in FILES.items():
        text = (SOURCES / source).read_text(encoding="utf-8")
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            re.sub(r"\b(PROJECT|VERSION)\b", lambda found: words[found[0]], text), encoding="utf-8"
        )
        written.append(path)
    return written

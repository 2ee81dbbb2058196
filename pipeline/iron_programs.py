"""Designs that are IRON programs: Python that prints MLIR, run where mlir-aie's `aie` package is.

`design = iron("saxpy_iron.py")` in a design's Python file says which. The program runs in a
process of its own, under the first Python that has the package; what it printed is kept with what
it read, so that it runs again when any of that has changed, and not before.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import whole
from pipeline.errors import PipelineError

PACKAGE = "aie"
VARIABLE = "NPUFORGE_IRON_PYTHON"
PLACES = ("~/mlir-aie/ironenv/bin/python", "~/ironenv/bin/python")
"""Where mlir-aie's own set-up puts an environment."""

_REPORT = "NPUFORGE_IRON_REPORT"

DRIVER = """
import json, os, runpy, sys
root, report, program = os.getcwd(), os.environ.pop("NPUFORGE_IRON_REPORT"), sys.argv[1]
read = set()
def opened(event, given):
    if event == "open" and isinstance(given[0], str) and not set("wax+") & set(given[1] or "r"):
        path = os.path.realpath(given[0])
        if path.startswith(root + os.sep) and os.path.isfile(path):
            read.add(os.path.relpath(path, root))
sys.addaudithook(opened)
sys.argv = sys.argv[1:]
sys.path.insert(0, os.path.dirname(os.path.abspath(program)))
sys.dont_write_bytecode = True
runpy.run_path(program, run_name="__main__")
for module in list(sys.modules.values()):
    opened("open", (getattr(module, "__file__", None), "r", 0))
import importlib.metadata
try:
    version = importlib.metadata.version("mlir_aie")
except importlib.metadata.PackageNotFoundError:
    version = ""
with open(report, "w") as out:
    json.dump({"read": sorted(read), "version": version}, out)
"""
"""Runs a program as `python PROGRAM ARGUMENTS` would, and reports what it has read below the
project: modules and whatever else it opened."""


@dataclass(frozen=True)
class Iron:
    """An IRON program that is a design.

    Attributes:
        program: its file, beside the design's Python file.
        arguments: its command line; `{n}` in one stands for the parameter n, `{device}` for the
            device. None gives it each parameter as `--name=value`.
    """

    program: str
    arguments: tuple[str, ...] | None = None

    def command_line(self, parameters: Mapping[str, Any]) -> list[str]:
        """The program's arguments for a variant.

        Raises:
            ValueError: one mentions what is no parameter.
        """
        if self.arguments is None:
            return [f"--{name}={value}" for name, value in parameters.items()]
        try:
            return [argument.format(**parameters) for argument in self.arguments]
        except (KeyError, IndexError) as error:
            raise ValueError(
                f"iron(...): an argument mentions {error}; the parameters are"
                f" {', '.join(parameters)}"
            ) from error


def iron(program: str, arguments: Sequence[str] | None = None) -> Iron:
    """Says that a design is an IRON program: `design = iron("saxpy_iron.py", ["-n", "{n}"])`.

    Args:
        program: a Python file in mlir_templates that prints MLIR.
        arguments: its command line, `{n}` standing for the parameter n; each parameter as
            `--name=value` unless given.
    """
    return Iron(program, None if arguments is None else tuple(arguments))


class NoIronError(PipelineError):
    """No Python here has the `aie` package: the design can be skipped, not built."""


def named_in(python: Path) -> str | None:
    """The program that a design's Python file names, without running it; None if it names none."""
    try:
        body = ast.parse(python.read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return None
    for node in body:
        if (
            isinstance(node, ast.Assign)
            and any(isinstance(t, ast.Name) and t.id == "design" for t in node.targets)
            and isinstance(node.value, ast.Call)
            and node.value.args
            and isinstance(node.value.args[0], ast.Constant)
        ):
            return str(node.value.args[0].value)
    return None


def is_program(python: Path) -> bool:
    """Whether a Python file is an IRON program itself: it imports the package."""
    try:
        nodes = list(ast.walk(ast.parse(python.read_bytes())))
    except (OSError, SyntaxError, ValueError):
        return False
    modules = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    modules += [name.name for node in nodes if isinstance(node, ast.Import) for name in node.names]
    return any(module.partition(".")[0] == PACKAGE for module in modules)


@dataclass(frozen=True)
class Printed:
    """What a program printed.

    Attributes:
        read: the files below the project that it has read, itself included.
        version: mlir-aie's.
    """

    text: str
    read: tuple[Path, ...]
    version: str


def printed(root: Path, program: Path, arguments: Sequence[str]) -> Printed:
    """The MLIR that a program prints: kept from before, if what it read is as it was then.

    Raises:
        NoIronError: no Python has the package.
        PipelineError: the program fails, or prints no MLIR.
    """
    kept = _kept_file(root, program, arguments)
    known = _known(kept, root)
    if known is None:
        known = _run(root, program, arguments, python())
        kept.parent.mkdir(parents=True, exist_ok=True)
        reads = {path.as_posix(): _digest(root / path) for path in known.read}
        noted = {"text": known.text, "read": reads, "version": known.version}
        whole.write(kept, json.dumps(noted))
    return known


def _kept_file(root: Path, program: Path, arguments: Sequence[str]) -> Path:
    name = hashlib.sha256(json.dumps([program.name, *arguments, DRIVER]).encode()).hexdigest()[:16]
    return root / "build" / ".cache" / "iron" / f"{program.stem}-{name}.json"


def _known(kept: Path, root: Path) -> Printed | None:
    try:
        noted = json.loads(kept.read_text(encoding="utf-8"))
        reads = {Path(name): str(digest) for name, digest in noted["read"].items()}
        if any(_digest(root / path) != digest for path, digest in reads.items()):
            return None
        return Printed(noted["text"], tuple(reads), noted["version"])
    except (OSError, ValueError, KeyError, AttributeError):
        return None


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _run(root: Path, program: Path, arguments: Sequence[str], interpreter: str) -> Printed:
    report = root / "build" / ".cache" / "iron" / f"{os.getpid()}.json"
    report.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [interpreter, "-c", DRIVER, str(program.relative_to(root)), *arguments],
        cwd=root,
        env={**_clean(os.environ), _REPORT: str(report.absolute())},
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    try:
        if done.returncode != 0:
            raise _failed(program, done.stderr)
        noted = json.loads(report.read_text(encoding="utf-8"))
    finally:
        report.unlink(missing_ok=True)
    if "aie.device" not in done.stdout:
        raise PipelineError(
            "the program prints no aie.device(...): an IRON program that is a design prints its"
            " MLIR, print(program.resolve_program())",
            program,
        )
    return Printed(done.stdout, tuple(map(Path, noted["read"])), noted["version"])


def _clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Without what points this Python's modules at another one."""
    return {n: v for n, v in environment.items() if n not in ("PYTHONPATH", "PYTHONHOME")}


def _failed(program: Path, stderr: str) -> PipelineError:
    """The last of the traceback's places in the program, and what Python said."""
    lines = stderr.rstrip().splitlines()
    marks = [line for line in lines if f'{program.name}", line ' in line]
    number = marks[-1].rpartition("line ")[2].partition(",")[0] if marks else ""
    told = lines[-1] if lines else "it ends without a word"
    return PipelineError(told, program, int(number) if number.isdigit() else None)


@functools.cache
def python() -> str:
    """The first Python that has the package: the one that is named, this one, an activated one,
    those that mlir-aie's set-up makes, `python3`.

    Raises:
        NoIronError: none has; PipelineError: the named one has not.
    """
    if named := os.environ.get(VARIABLE):
        if _has_package(named):
            return named
        raise PipelineError(f"{VARIABLE}={named}: this Python has no package `{PACKAGE}`")
    for candidate in _candidates():
        if _has_package(candidate):
            return candidate
    raise NoIronError(
        f"no Python here has the package `{PACKAGE}` of mlir-aie, which prints its MLIR:"
        f" `npuforge docs hardware` says how to install it; or {VARIABLE}=/path/to/python"
        " (npuforge docs iron)"
    )


def _candidates() -> Iterator[str]:
    yield sys.executable
    if folder := os.environ.get("VIRTUAL_ENV"):
        yield f"{folder}/bin/python"
    yield from (str(Path(place).expanduser()) for place in PLACES)
    if found := shutil.which("python3"):
        yield found


def _has_package(interpreter: str) -> bool:
    code = f"import importlib.util as u, sys; sys.exit(u.find_spec('{PACKAGE}.iron') is None)"
    try:
        done = subprocess.run(
            [interpreter, "-c", code], env=_clean(os.environ), capture_output=True, check=False
        )
    except OSError:
        return False
    return done.returncode == 0


def programs_of(pythons: Iterable[Path]) -> set[str]:
    """The names of the files that others say are their programs."""
    return {name for path in pythons if (name := named_in(path))}

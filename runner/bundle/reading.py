"""Opens a bundle: every file is what the index says, or it is refused by name."""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from runner import artifact
from runner.artifact import Artifact
from runner.bundle import layout
from runner.errors import RunnerError
from runner.expected import Expected, Reference
from runner.vectors import Vector
from runner.verdicts.criteria import Criterion, from_json

Array = np.ndarray[Any, Any]

LARGEST = 1 << 30
"""Bytes of all files of a bundle together: what unpacks to more is none."""


@dataclass(frozen=True)
class Bundle:
    """A bundle's contents.

    Attributes:
        vectors: in the order in which `expected.reference` gives their outputs, once each.
        made: versions and machine of the one who packed it.
    """

    artifact: Artifact
    vectors: tuple[Vector, ...]
    expected: Expected
    made: Mapping[str, str]


@contextmanager
def opened(path: Path) -> Iterator[Bundle]:
    """Unpacks a bundle for as long as the context lasts.

    Raises:
        RunnerError: it is no bundle, or a file in it is not the one that was packed.
    """
    with tempfile.TemporaryDirectory(prefix="npuforge-bundle-") as name:
        folder = Path(name)
        try:
            index = _unpack(path, folder)
            found = _bundle(index, folder)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise RunnerError(f"{path} is no bundle: {error}") from error
        except OSError as error:
            raise RunnerError(f"{path} cannot be read: {error.strerror or error}") from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise RunnerError(f"{path}: {layout.INDEX} in it is damaged: {error!r}") from error
        yield found


def _unpack(path: Path, folder: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        if layout.INDEX not in names:
            raise RunnerError(f"{path} is no bundle: there is no {layout.INDEX} in it")
        if sum(entry.file_size for entry in archive.infolist()) > LARGEST:
            raise RunnerError(f"{path} unpacks to more than {LARGEST >> 20} MB; it is no bundle")
        index: dict[str, Any] = json.loads(archive.read(layout.INDEX))
        if index["version"] != layout.VERSION:
            raise RunnerError(
                f"{path} is a bundle of format {index['version']}, this npuforge reads"
                f" {layout.VERSION}"
            )
        for name, digest in index["files"].items():
            if name not in names:
                raise RunnerError(f"{path}: {name} is missing")
            _place(folder, name, archive.read(name), digest, path)
    return index


def _place(folder: Path, name: str, data: bytes, digest: str, path: Path) -> None:
    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
        raise RunnerError(f"{path}: {name} would lie outside of the bundle")
    if hashlib.sha256(data).hexdigest() != digest:
        raise RunnerError(
            f"{path}: {name} is not the file that was packed (its SHA-256 differs); ask for the"
            " bundle again"
        )
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)


def _bundle(index: dict[str, Any], folder: Path) -> Bundle:
    built = artifact.load(folder)
    vectors, answers = [], []
    for entry in index["vectors"]:
        before = _arrays(built, entry[layout.BEFORE], folder)
        inputs = {a.name: before[a.name] for a in built.arguments if a.is_input}
        vectors.append(Vector(entry["name"], inputs))
        answers.append(_arrays(built, entry[layout.EXPECTED], folder))
    checks = {a["name"]: from_json(a["check"]) for a in index["arguments"] if "check" in a}
    return Bundle(built, tuple(vectors), _expected(answers, checks), index["made"])


def _arrays(built: Artifact, files: Mapping[str, str], folder: Path) -> dict[str, Array]:
    arguments = {a.name: a for a in built.arguments}
    return {
        name: np.frombuffer((folder / file).read_bytes(), arguments[name].kind).reshape(
            arguments[name].shape
        )
        for name, file in files.items()
    }


def _expected(answers: list[dict[str, Array]], checks: dict[str, Criterion]) -> Expected:
    waiting = iter(answers)
    reference: Reference | None = (lambda _inputs: next(waiting)) if checks else None
    return Expected(reference, checks)

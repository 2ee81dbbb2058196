"""Figures over time, in a SQLite file of the machine's own that no build or clean touches."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from runner.errors import RunnerError

FILE = Path(".npuforge/history.sqlite")
VERSION = 2
_ADDED = {1: "bank_wait"}
"""By format, the column that the next one has behind the others."""


@dataclass(frozen=True)
class Figure:
    """One benchmark of one artifact; times in seconds.

    Attributes:
        label: `<design>/<variant>`.
        run_on: "emulator" or "npu".
        at: when, ISO 8601 in UTC.
        commit: of the sources, "+" behind it where files had changed; "" without git.
        floor: the median of an empty design; None where it was not measured.
        cycles: the emulator's estimate of a run on the NPU; None on the NPU itself.
        ops, bytes: of one run, as the design declares them; None where it does not.
        conditions: machine, versions, power mode, clocks.
        bank_wait: of `cycles`, those in which memory banks held up cores, all cores together;
            None where nobody counted.
    """

    label: str
    run_on: str
    at: str
    commit: str
    runs: int
    first: float
    minimum: float
    median: float
    p95: float
    mad: float
    floor: float | None
    cycles: int | None
    ops: float | None
    bytes: float | None
    conditions: Mapping[str, str]
    bank_wait: int | None = None


_TYPES = {"str": "TEXT NOT NULL", "int": "INTEGER NOT NULL", "float": "REAL NOT NULL"}
_OPTIONAL = {"float | None": "REAL", "int | None": "INTEGER", "Mapping[str, str]": "TEXT NOT NULL"}
_COLUMNS = {f.name: {**_TYPES, **_OPTIONAL}[str(f.type)] for f in fields(Figure)}


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = None
    try:
        connection = sqlite3.connect(path)
        _prepare(connection, path)
        with connection:
            yield connection
    except sqlite3.Error as error:
        raise RunnerError(f"{path} cannot be used as a history of benchmarks: {error}") from error
    finally:
        if connection is not None:
            connection.close()


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found not in (0, *_ADDED, VERSION):
        raise RunnerError(
            f"{path} was written by another npuforge (format {found}, this one has {VERSION});"
            " move it away to begin anew"
        )
    columns = ", ".join(f'"{name}" {kind}' for name, kind in _COLUMNS.items())
    connection.execute(f"CREATE TABLE IF NOT EXISTS figures ({columns})")
    for added in (name for version, name in _ADDED.items() if 0 < found <= version):
        connection.execute(f'ALTER TABLE figures ADD COLUMN "{added}" {_COLUMNS[added]}')
    connection.execute(f"PRAGMA user_version = {VERSION}")


def append(path: Path, figure: Figure) -> None:
    """Adds a figure.

    Raises:
        RunnerError: the file is no history, or cannot be written.
    """
    values = {**asdict(figure), "conditions": json.dumps(dict(figure.conditions), sort_keys=True)}
    places = ", ".join("?" for _ in _COLUMNS)
    with _opened(path) as connection:
        connection.execute(f"INSERT INTO figures VALUES ({places})", list(values.values()))


def load(path: Path, label: str | None = None) -> list[Figure]:
    """All figures, or those of one artifact, oldest first; none if there is no file.

    Raises:
        RunnerError: the file is no history.
    """
    if not path.is_file():
        return []
    names = ", ".join(f'"{name}"' for name in _COLUMNS)
    query = f"SELECT {names} FROM figures WHERE ?1 IS NULL OR label = ?1 ORDER BY at, rowid"
    with _opened(path) as connection:
        return [_figure(row) for row in connection.execute(query, (label,))]


def _figure(row: tuple[Any, ...]) -> Figure:
    values = dict(zip(_COLUMNS, row, strict=True))
    return Figure(**{**values, "conditions": json.loads(values["conditions"])})

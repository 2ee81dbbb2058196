"""A core's registers as a file: JSON, by the names of assembly, which people read and edit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from softnpu.errors import FormatError


def read(path: Path) -> dict[str, int]:
    """The registers in a file; numbers, or text as `0x1f`.

    Raises:
        FormatError: it cannot be read, or is no such file.
    """
    try:
        found = json.loads(path.read_text())
        if not isinstance(found, dict):
            raise ValueError(f"{type(found).__name__} is no set of registers")
        return {name: _value(value) for name, value in found.items()}
    except OSError as error:
        raise FormatError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise FormatError(
            f'{path}: {error}; expected registers as --registers-to writes them, {{"r0": "0x1f"}}'
        ) from error


def _value(value: object) -> int:
    if isinstance(value, str):
        return int(value, 0)
    if isinstance(value, int):
        return value
    raise ValueError(f"{value!r} is no number")


def write(path: Path, registers: Mapping[str, int]) -> None:
    """Writes registers, a line each; FormatError where no file can be written."""
    lines = {name: hex(value) for name, value in registers.items()}
    try:
        path.write_text(json.dumps(lines, indent=1) + "\n")
    except OSError as error:
        raise FormatError(f"{path} cannot be written: {error.strerror}") from error

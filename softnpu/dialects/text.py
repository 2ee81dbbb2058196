"""Designs as text: reading them with their places, checking them, writing them.

What does it is imported when it is asked for: a stage that only writes needs no parser.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from softnpu.errors import DesignError

if TYPE_CHECKING:
    from xdsl.context import Context


def parse_file(path: Path, ctx: Context | None = None, *, check: bool = True) -> ModuleOp:
    """Read and check a design; every op knows its line. Raises DesignError.

    `check` False: trust the text, which a pass has written from a checked design.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DesignError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DesignError(f"{path} is no MLIR text: it is not UTF-8") from error
    return parse_text(text, path, ctx, check=check)


def parse_text(
    text: str, file: Path | str = "<text>", ctx: Context | None = None, *, check: bool = True
) -> ModuleOp:
    """As `parse_file`, from a string that came from `file`."""
    from softnpu.dialects.parser import parse_module

    module = parse_module(text, Path(file), ctx)
    if check:
        verify(module)
    return module


def verify(module: Operation, closed: tuple[type[Operation], ...] = ()) -> None:
    """Check a design: structure and the dialects' rules. Raises DesignError.

    `closed`: classes of ops in which nothing has changed since they were checked.
    """
    from softnpu.dialects.verifier import verify

    verify(module, closed)


def print_module(module: Operation, *, locations: bool = False) -> str:
    """The design as aie-opt prints it, ending in one blank line.

    `locations`: with where everything comes from, as by `--mlir-print-debuginfo`.
    """
    if locations:
        from softnpu.dialects.location_printer import LocationPrinter

        return LocationPrinter.to_text(module)
    from softnpu.dialects.printer import AsmPrinter

    return AsmPrinter.to_text(module)

"""`python -m softnpu dump FILE`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from softnpu.inspect.report import Report

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_DESCRIPTION = """Prints what a file holds. The file is recognised by its content, whatever its
name: an xclbin (with the PDI and the CDO inside), a PDI, a CDO, an instruction stream (insts.bin,
also as hexadecimal text) or an ELF file of a core. Registers are shown by tile (column,row) and
name, values by field."""


def add_parser(subparsers: Subparsers) -> None:
    """Adds the `dump` subcommand."""
    parser = subparsers.add_parser(
        "dump",
        help="print an xclbin, PDI, CDO, instruction stream or ELF file as readable text",
        description=_DESCRIPTION,
    )
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path, help="what to print")
    parser.add_argument("--json", action="store_true", help="print JSON, one document a file")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints every file; 1 if one of them could not be read."""
    from softnpu.errors import FormatError
    from softnpu.inspect.files import report

    failed = False
    for number, path in enumerate(arguments.files):
        try:
            text = _render(report(path), as_json=arguments.json)
        except (FormatError, OSError) as error:
            failed = True
            sys.stdout.flush()
            sys.stderr.write(f"error: {_reason(path, error)}\n")
            continue
        sys.stdout.write("\n" * bool(number and not arguments.json) + text + "\n")
    return int(failed)


def _reason(path: Path, error: Exception) -> str:
    return f"{path}: {error.strerror}" if isinstance(error, OSError) else str(error)


def _render(found: Report, *, as_json: bool) -> str:
    from softnpu.inspect.report import to_json, to_text

    if as_json:
        import json

        return json.dumps(to_json(found), indent=2, ensure_ascii=False)
    return "\n".join(to_text(found))

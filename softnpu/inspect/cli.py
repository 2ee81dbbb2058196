"""`npuforge dump FILE`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from softnpu.inspect.report import Report

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_DESCRIPTION = """Prints what a file holds. The file is recognised by its content, whatever its
name: an xclbin (with the PDI and the CDO inside), a PDI, a CDO, an instruction stream (insts.bin,
or one of before TXN), control packets, a trace (all of these as hexadecimal text, too) or an ELF
file. What is none of them is named, if it can be, and refused. Registers are shown by tile
(column,row) and name, values by field. With --array, what the files configure together is put
together: which buffer descriptors, locks, programs and routes there are in the end."""


def add_parser(subparsers: Subparsers) -> None:
    """Adds the `dump` subcommand."""
    parser = subparsers.add_parser(
        "dump",
        help="print an xclbin, PDI, CDO, instruction stream, trace or ELF file as readable text",
        description=_DESCRIPTION,
    )
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path, help="what to print")
    parser.add_argument(
        "--array",
        action="store_true",
        help="the configured array, from an xclbin, a PDI or CDO files, and insts.bin behind them",
    )
    parser.add_argument(
        "--names",
        metavar="FILE",
        type=Path,
        help="with --array: the design's names (default: names.json beside the first file)",
    )
    parser.add_argument(
        "--pdi",
        metavar="N",
        type=int,
        help="with --array: of an xclbin with several PDIs this one alone, by the id that load_pdi"
        " names it by (default: all, one array after the other)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, one document a file")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints every file; 1 if one of them could not be read, or not whole."""
    failed = False
    for number, found in enumerate(_reports(arguments)):
        if isinstance(found, str):
            failed = True
            sys.stdout.flush()
            sys.stderr.write(f"error: {found}\n")
            continue
        failed |= found.is_damaged
        text = _render(found, as_json=arguments.json)
        sys.stdout.write("\n" * bool(number and not arguments.json) + text + "\n")
    return int(failed)


def _reports(arguments: argparse.Namespace) -> Iterator[Report | str]:
    """A report, or what is wrong, for each file or for the array that they make up."""
    from softnpu.errors import FormatError
    from softnpu.inspect.files import report

    if arguments.array:
        from softnpu.emulator.naming.names import load
        from softnpu.inspect.array_report import array_report

        names = load(arguments.names) if arguments.names else None
        try:
            yield array_report(arguments.files, names, arguments.pdi)
        except FormatError as error:
            yield str(error)
        return
    for path in arguments.files:
        try:
            yield report(path)
        except FormatError as error:
            yield str(error)
        except OSError as error:
            yield f"{path}: {error.strerror}"


def _render(found: Report, *, as_json: bool) -> str:
    from softnpu.inspect.report import to_json, to_text

    if as_json:
        import json

        return json.dumps(to_json(found), indent=2, ensure_ascii=False)
    return "\n".join(to_text(found))

"""`npuforge diff A B`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from softnpu.inspect.diff.paths import FileDifference

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

SAME, DIFFERENT, TROUBLE = 0, 1, 2

_DESCRIPTION = """Compares two files, or all files of two folders, by what they say: registers of
tiles with their fields, instructions, sections, kernel arguments, segments, lines. What xclbinutil
writes anew in every run (timestamp, uuid) is told but does not count unless --exact is given."""
_EPILOG = "exit code: 0 the same, 1 different, 2 trouble, as diff(1)"


def add_parser(subparsers: Subparsers) -> None:
    """Adds the `diff` subcommand."""
    parser = subparsers.add_parser(
        "diff",
        help="compare two files or folders by what they say",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.add_argument("old", metavar="A", type=Path, help="a file or folder")
    parser.add_argument("new", metavar="B", type=Path, help="what to compare it with")
    parser.add_argument("--exact", action="store_true", help="timestamps and uuids count too")
    parser.add_argument(
        "--limit", type=int, default=20, metavar="N", help="differences shown a file (default 20)"
    )
    parser.add_argument("--json", action="store_true", help="print all differences as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints the differences and gives the exit code."""
    from softnpu.errors import FormatError
    from softnpu.inspect.diff.paths import compare_paths

    try:
        found = list(compare_paths(arguments.old, arguments.new))
    except FormatError as error:
        return _trouble(str(error))
    except OSError as error:
        return _trouble(f"{error.filename}: {error.strerror}")
    different = any(one.matters or arguments.exact for one in found)
    lines = [_json(arguments, found, different)] if arguments.json else _text(arguments, found)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return DIFFERENT if different else SAME


def _trouble(message: str) -> int:
    sys.stderr.write(f"error: {message}\n")
    return TROUBLE


def _json(arguments: argparse.Namespace, found: list[FileDifference], different: bool) -> str:
    import json

    files: list[dict[str, Any]] = [
        {
            "file": one.file,
            "only_in": None if one.only_in is None else str(one.only_in),
            "differences": [asdict(difference) for difference in one.found],
        }
        for one in found
    ]
    whole = {"old": str(arguments.old), "new": str(arguments.new), "different": different}
    return json.dumps({**whole, "files": files}, indent=2, ensure_ascii=False)


def _text(arguments: argparse.Namespace, found: list[FileDifference]) -> Iterator[str]:
    if not found:
        yield "identical"
        return
    for number, one in enumerate(found):
        if one.only_in is not None:
            yield f"{one.file}: only in {one.only_in}"
            continue
        if number:
            yield ""
        yield f"{one.file}: {_count(one)}"
        for difference in one.found[: arguments.limit]:
            yield f"  {difference}"
            yield from (f"      {detail}" for detail in difference.details)
        if len(one.found) > arguments.limit:
            yield f"  … {len(one.found) - arguments.limit} more (--limit, --json)"


def _count(one: FileDifference) -> str:
    from softnpu.inspect.report import plural

    if not one.matters:
        return "the same but for what every run writes anew"
    return plural(len(one.found), "difference")

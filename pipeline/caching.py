"""`npuforge cache`: what the shared cache holds, and how it is emptied."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from pipeline import shared_cache

if TYPE_CHECKING:
    from softnpu.subcommands import Subparsers

DESCRIPTION = """\
Tells where the shared cache lies and how much it holds: what stages have made, by the content that
they made it from, so that another checkout, a machine that shares the folder or a CI job builds
only what nobody has built. An entry is used if every file in it has the digest that it was stored
with; the ones that were used least lately go when there is more than the limit.

  --cache DIR, NPUFORGE_CACHE=DIR     another folder, on a network file system, too
  --cache off, NPUFORGE_CACHE=off     none
  NPUFORGE_CACHE_SIZE=5e9             the limit in bytes (2e9 unless given)

A verdict of the emulator that is known is not run again, either; what failed is. `-a` does
everything anew.
"""


def add_parser(subparsers: Subparsers) -> None:
    """Adds `cache` to the command line."""
    parser = subparsers.add_parser(
        "cache",
        help="tell what the shared cache holds, or empty it",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--clear", action="store_true", help="remove all entries")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Tells, or empties."""
    cache = shared_cache.of(os.environ)
    if cache is None:
        sys.stdout.write(f"the shared cache is off ({shared_cache.VARIABLE})\n")
        return 0
    if options.clear:
        sys.stdout.write(f"{cache.clear()} entries removed from {cache.folder}\n")
        return 0
    count, size = cache.size()
    sys.stdout.write(
        f"{cache.folder}: {count} entries, {size / 1e6:.1f} MB of {cache.limit / 1e6:.0f} MB\n"
    )
    return 0

"""`npuforge trace`: what the trace units of a run have written, read."""

from __future__ import annotations

import argparse
import json
import string
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.artifact import INSTS, XCLBIN
from runner.draw import find
from runner.errors import RunnerError

if TYPE_CHECKING:
    from softnpu.formats.operations import Operation
    from softnpu.inspect.trace import UnitTrace

_LOOKED_AT = 64
"""Bytes by which a trace as text is known."""
TRACE = "trace.bin"
"""The trace buffer of a design's first run, beside its artifact."""

EXAMPLES = """examples:
  npuforge trace vector_scale_trace            what test_emu (or test_hw) has traced
  npuforge trace vector_scale_trace --summary  how often and how long each event was
  npuforge trace trace.txt --artifact out      a buffer that another host has written
  npuforge trace vector_scale_trace --json trace.json
                                                       for ui.perfetto.dev and chrome://tracing
"""


def add_parser(commands: Any) -> None:
    """Adds the sub-command `trace`."""
    parser = commands.add_parser(
        "trace",
        help="read what trace units have written: events by tile, in the design's names",
        description="Reads a trace buffer, of the emulator or of an NPU: which event was on when,"
        " by tile and module. What the slots mean is read from the insts.bin (or the xclbin) that"
        " set the trace units up; fifos and locks have names if names.json lies beside it. Cycles"
        " are those of each tile's timer.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "trace",
        metavar="NAME_OR_FILE",
        help=f"a design or variant as built, whose {TRACE} is read, or a trace buffer: binary, or a"
        " hexadecimal word a line",
    )
    parser.add_argument(
        "--artifact",
        type=Path,
        metavar="DIR",
        help=f"where {INSTS} and {XCLBIN} lie; where the trace lies if not given",
    )
    parser.add_argument("--summary", action="store_true", help="what the events come to")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write it for Perfetto, instead of text"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Prints or writes the trace; returns the exit code."""
    from runner.tracing import chrome, text
    from softnpu.emulator.naming import names as naming

    file, folder = _found(options.trace, options.artifact)
    units = read(file, folder)
    names = naming.understood(folder / XCLBIN)
    if options.json is not None:
        options.json.write_text(json.dumps(chrome.document(units, names)), encoding="utf-8")
        return 0
    lines = text.summary(units, names) if options.summary else text.listing(units, names)
    for line in lines:
        sys.stdout.write(f"{line}\n")
    return 0


def read(file: Path, folder: Path) -> tuple[UnitTrace, ...]:
    """The trace in a file, which an artifact's run has written.

    Raises:
        RunnerError: naming the file that cannot be understood.
    """
    from softnpu.errors import FormatError
    from softnpu.formats.records import word_bytes
    from softnpu.inspect import trace

    try:
        data = file.read_bytes()
        if all(chr(byte) in string.printable for byte in data[:_LOOKED_AT]):
            data = word_bytes(list(trace.text_words(data.decode("ascii"))))
        return trace.read(data, operations(folder))
    except (FormatError, UnicodeDecodeError) as error:
        raise RunnerError(f"{file}: {error}") from error


def operations(folder: Path) -> Sequence[Operation]:
    """What the artifact in a folder does to registers: its configuration, then its stream.

    Raises:
        RunnerError: neither is there.
        FormatError: one of them is damaged.
    """
    from softnpu.formats import cdo, pdi, txn, xclbin

    found: list[Operation] = []
    image, insts = folder / XCLBIN, folder / INSTS
    if image.is_file():
        for part in xclbin.parse(image.read_bytes()).partition.pdis:
            found += cdo.operations(pdi.parse(part.image).cdo())
    if insts.is_file():
        found += txn.parse(insts.read_bytes()).operations
    if not found:
        raise RunnerError(
            f"{folder} holds neither {INSTS} nor {XCLBIN}, which tell what is traced: say where"
            " they lie (--artifact DIR)"
        )
    return found


def _found(given: str, artifact: Path | None) -> tuple[Path, Path]:
    """The trace, and the folder of the artifact."""
    path = Path(given)
    if path.is_file():
        return path, artifact or path.parent
    folder = path if path.is_dir() else find(given).parent
    file = folder / TRACE
    if not file.is_file():
        raise RunnerError(
            f"{file} is missing: it has not been run (npuforge test_emu), or the design traces"
            " nothing (`npuforge docs tracing` tells how it can)"
        )
    return file, artifact or folder

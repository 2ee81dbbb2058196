"""`npuforge draw`: the array of a built design, or that of each of its PDIs, as SVG."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from runner import labels
from runner.artifact import INSTS, XCLBIN
from runner.errors import RunnerError

BUILD = "build"


def add_parser(commands: Any) -> None:
    """Adds the sub-command `draw`."""
    parser = commands.add_parser(
        "draw",
        help="draw the configured array of a design as SVG",
        description="Draws the array that an xclbin configures: tiles, memories, locks, buffer"
        " descriptors, and the routes through the stream switches. An xclbin with several PDIs has"
        " an array for each; they stand one below the other.",
    )
    parser.add_argument(
        "design",
        metavar="NAME",
        help="a design or a variant as built (vector_scale, vector_scale/small), or an xclbin file",
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="instead of the console")
    parser.add_argument(
        "--pdi",
        type=int,
        metavar="N",
        help="of an xclbin with several PDIs this one alone, by the id that load_pdi names it by",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Draws the picture; returns the exit code."""
    picture = drawn(find(options.design), number=options.pdi)
    if options.output is None:
        sys.stdout.write(f"{picture}\n")
    else:
        options.output.write_text(picture, encoding="utf-8")
    return 0


def find(name: str, build: Path = Path(BUILD)) -> Path:
    """The xclbin that a name or a path means.

    Raises:
        RunnerError: there is none, or there are several.
    """
    given = Path(name)
    if given.is_file():
        return given
    if (given / XCLBIN).is_file():
        return given / XCLBIN
    built: dict[str, list[Path]] = {}
    for path in sorted(build.glob(f"*/*/*/{XCLBIN}")):
        built.setdefault(f"{path.parts[-3]}/{path.parts[-2]}", []).append(path)
    if not built:
        raise RunnerError(f"{name} is no file, and no design is built (npuforge build)")
    try:
        meant = labels.chosen([name], built)
    except labels.UnknownNameError as error:
        raise RunnerError(
            f"{error} (one that is not built: build it first, npuforge build)"
        ) from error
    found = [path for label in meant for path in built[label]]
    if len(found) > 1:
        told = ", ".join(meant) if len(meant) > 1 else ", ".join(map(str, found))
        raise RunnerError(f"{name} means several artifacts; say which one: {told}")
    return found[0]


def drawn(xclbin: Path, *, number: int | None = None, styled: bool = True) -> str:
    """The picture of an xclbin as SVG, with the names and the instruction stream beside it.

    Args:
        number: of the one PDI to draw; all, each under a caption, if None.

    Raises:
        RunnerError: the xclbin or a file beside it cannot be understood; no PDI of that number.
    """
    from softnpu.errors import FormatError
    from softnpu.formats import txn
    from softnpu.formats import xclbin as xclbins
    from softnpu.inspect import pdis, picture

    insts = xclbin.with_name(INSTS)
    try:
        sequence = txn.parse(insts.read_bytes()).operations if insts.is_file() else ()
        parsed = xclbins.parse(xclbin.read_bytes())
        found = pdis.of_xclbin(parsed, sequence, beside=xclbin, number=number)
        if len(found.shown) == 1:
            (only,) = found.shown
            return picture.draw(only.array, only.names, styled=styled)
        arrays = [picture.Captioned(one.label, one.array, one.names) for one in found.shown]
        return picture.draw_all(arrays, styled=styled)
    except FormatError as error:
        raise RunnerError(f"{xclbin}: {error}") from error

"""Two files that should be the same: whether they are, and where in their content they part."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path

CONTEXT = 3
"""Lines shown before the first that differs."""

VARYING = ("timestamp", "uuid", "mirror metadata")
"""What no two runs of xclbinutil write alike; all else of an xclbin is compared."""


def difference(ours: Path, theirs: Path) -> str:
    """How two files of one name differ, in decoded form; "" when they say the same.

    MLIR is compared by its text, and where that differs by what is parsed from it; an xclbin
    section by section, without what differs from run to run (`VARYING`).

    Raises:
        SoftnpuError: a file that cannot be read as what it should be.
    """
    ours_bytes, theirs_bytes = ours.read_bytes(), theirs.read_bytes()
    if ours_bytes == theirs_bytes:
        return ""
    if ours.suffix == ".mlir":
        return _first(_mlir(ours), _mlir(theirs))
    if ours.suffix == ".script":
        return _first(ours_bytes.decode().splitlines(), theirs_bytes.decode().splitlines())
    if ours.suffix == ".xclbin" and _sections(ours_bytes) == _sections(theirs_bytes):
        return ""
    decoded = _first(_decoded(ours), _decoded(theirs))
    return decoded or _first_byte(ours_bytes, theirs_bytes)


def _mlir(path: Path) -> list[str]:
    from softnpu.dialects.source import parse_file, print_module

    return print_module(parse_file(path)).splitlines()


def _sections(data: bytes) -> list[tuple[str, bytes]]:
    from softnpu.formats import xclbin

    return [(section.name, section.data) for section in xclbin.parse(data).container.sections]


def _decoded(path: Path) -> list[str]:
    """The inspector's lines, without the title, which names the file, and an xclbin's header."""
    from softnpu.inspect.files import report
    from softnpu.inspect.report import to_text

    lines = list(to_text(report(path)))[1:]
    return lines[lines.index("") :] if path.suffix == ".xclbin" else lines


def _first(ours: list[str], theirs: list[str]) -> str:
    """The first line that differs with those before it, "" if none does."""
    for at, (mine, other) in enumerate(zip_longest(ours, theirs)):
        if mine != other:
            before = [f"    {line}" for line in ours[max(0, at - CONTEXT) : at]]
            return "\n".join(
                [
                    *before,
                    f"  npuforge: {_shown(mine)}",
                    f"  AMD:      {_shown(other)}",
                ]
            )
    return ""


def _shown(line: str | None) -> str:
    return "(ends here)" if line is None else line.strip()


def _first_byte(ours: bytes, theirs: bytes) -> str:
    """For files that decode alike: where their bytes part."""
    pairs = zip(ours, theirs, strict=False)
    at = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(ours), len(theirs)))
    return (
        f"  the same when decoded, but byte {at:#x} differs: npuforge {ours[at : at + 8].hex()}, "
        f"AMD {theirs[at : at + 8].hex()} ({len(ours):,} and {len(theirs):,} bytes)"
    )

"""Two files that should be the same: whether they are, and where in their content they part."""

from __future__ import annotations

from pathlib import Path

from softnpu.inspect.diff import Difference, differences


def difference(ours: Path, theirs: Path) -> str:
    """How two files of one name differ, in decoded form; "" when they say the same.

    MLIR is compared by its text, and where that differs by what is parsed from it; an xclbin
    without what no two runs of xclbinutil write alike (timestamp, uuid).

    Raises:
        SoftnpuError: MLIR that cannot be read.
    """
    mine, other = ours.read_bytes(), theirs.read_bytes()
    if mine != other and ours.suffix == ".mlir":
        mine, other = _parsed(ours), _parsed(theirs)
    found = [one for one in differences(mine, other) if not one.varies]
    return _told(found) if found else ""


def _parsed(path: Path) -> bytes:
    from softnpu.dialects.source import parse_file, print_module

    return print_module(parse_file(path)).encode()


def _told(found: list[Difference]) -> str:
    """The first difference, and how many more there are."""
    first, *rest = found
    lines = [
        f"  {first.place}",
        f"  npuforge: {_shown(first.old)}",
        f"  AMD:      {_shown(first.new)}",
        *(f"    {detail}" for detail in first.details),
    ]
    if rest:
        lines.append(f"  and {len(rest)} more: python -m softnpu diff shows them")
    return "\n".join(lines)


def _shown(side: str | None) -> str:
    return "(nothing)" if side is None else side

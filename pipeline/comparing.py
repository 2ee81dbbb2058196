"""Two files that should be the same: whether they are, and where in their content they part."""

from __future__ import annotations

from pathlib import Path

from softnpu.inspect.diff import Difference, differences


def difference(ours: Path, theirs: Path) -> str:
    """How two files of one name differ, in decoded form; "" when they say the same.

    MLIR is compared by its text, and where that differs by what is parsed from it, in the spelling
    of one version; an xclbin without what no two runs of xclbinutil write alike (timestamp, uuid).

    Raises:
        SoftnpuError: MLIR that cannot be read.
    """
    mine, other = ours.read_bytes(), theirs.read_bytes()
    if mine != other and ours.suffix == ".mlir":
        mine, other = _parsed(ours), _parsed(theirs)
    found = [one for one in differences(mine, other) if not one.varies]
    return _told(found) if found else ""


def _parsed(path: Path) -> bytes:
    """The module in one spelling: `link_with` for the `link_files` that aie-opt writes since 2026.

    Source: mlir-aie 9c1e32d7, aie-assign-core-link-files moves one to the other.
    """
    from softnpu.dialects.aie import CoreOp
    from softnpu.dialects.text import parse_file, print_module

    module = parse_file(path)
    for op in module.walk():
        if isinstance(op, CoreOp) and op.link_files is not None and len(op.link_files) == 1:
            op.link_with, op.link_files = op.link_files[0], None
    return print_module(module).encode()


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
        lines.append(f"  and {len(rest)} more: npuforge diff shows them")
    return "\n".join(lines)


def _shown(side: str | None) -> str:
    return "(nothing)" if side is None else side

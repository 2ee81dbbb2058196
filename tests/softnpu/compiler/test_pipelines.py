"""The pass pipelines: the passes of aiecc, in its order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from softnpu.compiler import pipelines
from softnpu.dialects.aie import BufferOp
from softnpu.dialects.source import parse_file


def names_in(text: str) -> list[str]:
    """The passes of a pipeline's text, without the ops around them and their options."""
    bare = re.sub(r"\{[^}]*\}", "", text)
    return re.sub(r"builtin\.module|aie\.device|[()]", " ", bare).replace(",", " ").split()


def documented(golden: Path, title: str) -> list[str]:
    readme = (golden / "README.md").read_text()
    match = re.search(rf"{title}: `(.+?)`", readme)
    assert match is not None
    return names_in(match[1])


def test_resource_allocation_runs_the_passes_of_aiecc_in_its_order(golden: Path) -> None:
    ours = [one.name for one in pipelines.resource_allocation()]
    assert ours == documented(golden, "Resource allocation")


def test_npu_lowering_runs_the_passes_of_aiecc_in_its_order(golden: Path) -> None:
    ours = [one.name for one in pipelines.npu_lowering()]
    assert ours == documented(golden, "NPU lowering")


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ("basic-sequential", [0x400, 0x800, 0xC00, 0x1000]),
        ("bank-aware", [0x400, 0x4000, 0x8000, 0xC000]),
        ("", [0x400, 0x4000, 0x8000, 0xC000]),
    ],
)
def test_the_allocation_scheme_decides_where_buffers_lie(
    golden: Path, scheme: str, expected: list[int]
) -> None:
    module = parse_file(golden / "passthrough_core" / "design.mlir")
    pipelines.run(pipelines.resource_allocation(scheme), module)
    buffers = [op for op in module.walk() if isinstance(op, BufferOp)]
    assert sorted(buffer.address or 0 for buffer in buffers) == expected

"""tools/aie2_points.py: results of an NPU become operations, or are left out with a reason."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.project import ROOT
from tests.softnpu.emulator.semantics.operand import STREAM


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("aie2_points", ROOT / "tools" / "aie2_points.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "DATA", tmp_path)
    return module


def run(
    tool: ModuleType, points: list[dict[str, Any]]
) -> tuple[int, list[dict[str, Any]], list[str]]:
    """Exit status, the operations written, the points left out."""
    batch = {"batch": 1, "in_bytes": 64, "out_bytes": 64, "points": points}
    measured = tool.DATA / "measured.jsonl"
    measured.write_text(json.dumps(batch) + "\n")
    status = tool.main([str(measured)])
    written = (tool.DATA / "aie2_points.jsonl").read_text().splitlines()
    left_out = (tool.DATA / "aie2_points_left_out.tsv").read_text().splitlines()
    return status, [json.loads(line) for line in written], left_out


def point(name: str, operation: str, offset: int, out: str | None) -> dict[str, Any]:
    """r0 is loaded, an operation puts something into r1, which is stored."""
    wait = ["nop"] * 7
    asm = ["lda r0, [p0, #0]", *wait, operation, *wait, f"st r1, [p1, #{offset}]"]
    return {"instruction": name, "asm": asm, "out_offset": offset, "out_bytes": 4, "out": out}


def test_a_right_result_is_written_with_its_operands(tool: ModuleType) -> None:
    inverted = bytes(0xFF ^ byte for byte in STREAM[:4])
    loaded = int.from_bytes(STREAM[:4], "little")
    ones = ["mova r2, #-1", "nop"]
    right = point("XOR", "xor r1, r0, r2", 0, inverted.hex())
    right["asm"] = [*ones, *right["asm"]]
    status, written, left_out = run(tool, [right, point("XOR", "abs r1, r0", 4, None)])
    assert (status, left_out) == (0, [])
    operands = {"r0": loaded, "r2": 0xFFFF_FFFF}
    assert written == [
        {"point": "1.0", "asm": "xor r1, r0, r2", "in": operands, "out": {"r1": inverted.hex()}}
    ]


def test_a_result_that_nothing_determines_is_left_out_with_the_reason(tool: ModuleType) -> None:
    unset = point("XOR", "xor r1, r0, r9", 0, "01020304")
    status, written, left_out = run(tool, [unset])
    assert (status, written) == (0, [])
    assert left_out == ["1.0\tXOR\tdepends on r9, which nothing has set"]


def test_a_result_that_is_wrong_without_a_reason_fails(
    tool: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, left_out = run(tool, [point("ABS", "abs r1, r0", 0, "01020304")])
    assert (status, left_out) == (1, ["1.0\tABS\tWRONG"])
    assert "1 wrong" in capsys.readouterr().out

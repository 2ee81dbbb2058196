"""The empty design runs, on every device, and is made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.floor import empty_design
from runner import launch


@pytest.mark.parametrize("device", ["npu1_1col", "npu2_1col"])
def test_the_empty_design_completes(tmp_path: Path, device: str) -> None:
    xclbin, insts = empty_design(device, tmp_path)
    session = launch.open_pair(xclbin, insts, [], launch.EMULATOR, device=device).session
    assert session.run({}) == {}
    session.close()


def test_it_is_made_once(tmp_path: Path) -> None:
    xclbin, _ = empty_design("npu1_1col", tmp_path)
    made = xclbin.stat().st_mtime_ns
    assert empty_design("npu1_1col", tmp_path)[0].stat().st_mtime_ns == made

"""What a stage's task says when something is amiss."""

from __future__ import annotations

from pathlib import Path

from doit.exceptions import TaskFailed

from pipeline.discovery import discover
from pipeline.staging import explained


def test_a_stage_that_leaves_out_a_file_fails_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "mlir_templates").mkdir()
    (tmp_path / "kernels_src").mkdir()
    (tmp_path / "mlir_templates/foo.mlir").write_text("aie.device(npu2) @scale {}")
    (variant,) = discover(tmp_path).variants
    wanted = [tmp_path / "scale.pdi", tmp_path / "made"]
    (tmp_path / "made").touch()
    failed = explained(lambda _: {}, tmp_path / "w.json", wanted)(variant)
    assert isinstance(failed, TaskFailed)
    assert "scale.pdi did not come out" in str(failed)
    assert "taken to be scale" in str(failed)
    wanted[0].touch()
    done = explained(lambda _: {"kept": 1}, tmp_path / "w.json", wanted)(variant)
    assert done == {"kept": 1}
    assert not (tmp_path / "w.json").exists()

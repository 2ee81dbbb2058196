"""Figures of an artifact: what the design declares of its work, the floor, the rates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.bench import chosen, remarks
from pipeline.benching import achieved, net, work
from pipeline.designs import Variant
from pipeline.discovery import discover
from pipeline.errors import PipelineError
from runner.bench.measure import Rates
from tests.project import make_project
from tests.runner.bench.test_history import FIGURE


def _variants(root: Path, declared: str = "") -> tuple[Variant, ...]:
    project = make_project(root, "vector_scale")
    if declared:
        project.edit("mlir_templates/vector_scale.py", 'return {"ops": p.n}', f"return {declared}")
    return discover(project.root).variants


def test_work_follows_the_parameters(tmp_path: Path) -> None:
    assert [work(v) for v in _variants(tmp_path)] == [{"ops": 4096.0}, {"ops": 65536.0}]


@pytest.mark.parametrize("declared", ['{"flops": 3}', '{"ops": -1}', "12"])
def test_work_that_says_something_else_is_an_error_at_its_place(
    tmp_path: Path, declared: str
) -> None:
    with pytest.raises(PipelineError, match=r"vector_scale\.py:\d+: error: work must be"):
        work(_variants(tmp_path, declared)[0])


def test_what_is_above_the_floor_is_the_designs_own() -> None:
    assert net(replace(FIGURE, median=5e-3, floor=1e-3)) == pytest.approx(4e-3)
    assert net(replace(FIGURE, median=1e-3, floor=2e-3)) == 0.0


def test_rates_are_measured_on_the_npu_and_estimated_on_the_emulator() -> None:
    npu = replace(FIGURE, cycles=None, median=3e-3, floor=1e-3, ops=2e6, bytes=None)
    assert achieved(npu) == Rates(pytest.approx(1.0), None)
    emulated = replace(npu, cycles=1_000_000)
    assert achieved(emulated) == Rates(pytest.approx(2.0), None)


def test_names_stand_for_variants_and_a_broken_design_for_what_is_wrong(tmp_path: Path) -> None:
    project = make_project(tmp_path, "vector_scale", "vector_add")
    (project.root / "mlir_templates/vector_add.py").unlink()
    found = discover(project.root)
    variants, broken = chosen(found, ["vector_*", "test_emu:vector_scale/small"])
    assert [variant.label for variant in variants] == ["vector_scale/small", "vector_scale/large"]
    assert broken == [found.broken["vector_add"]]
    assert chosen(found, []) == (variants, broken)


def test_machine_versions_and_mode_stand_beside_the_figures() -> None:
    lines = remarks([replace(FIGURE, conditions={"processor": "Zen", "power_mode": "turbo"})])
    assert "processor Zen, power_mode turbo" in lines


def test_what_memory_banks_take_is_told_where_they_do() -> None:
    lines = remarks([replace(FIGURE, bank_wait=1234), FIGURE])
    assert sum("memory banks held cores up for 1,234 cycles" in line for line in lines) == 1
    assert sum("memory banks" in line for line in lines) == 1

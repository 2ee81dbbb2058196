"""The routes of the library's own designs."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.designs import Variant
from pipeline.discovery import discover
from softnpu.compiler import driver

ROOT = Path(__file__).resolve().parents[2]
VARIANTS = {
    (variant.design.name, variant.device): variant for variant in discover(ROOT).variants
}.values()
"""One of each design and device: others differ in what kernels and sequences do."""


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.label)
def test_every_flow_of_the_library_arrives_by_aie_opts_own_routes(
    variant: Variant, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    design = tmp_path / "design.mlir"
    design.write_text(variant.rendered.text)
    driver.lower(design, tmp_path)
    assert (tmp_path / "input_flows.json").read_text().count("source") > 1
    assert "AMD's router" not in caplog.text

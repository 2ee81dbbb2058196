"""The stages on AMD's tools for every golden design, with what the real 1.4 wrote played back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline.amd import compiling, lowering, packing
from pipeline.amd.finding import AIE_OPT, AIE_TRANSLATE, Candidate
from pipeline.amd.probing import Prober, Tool
from pipeline.amd.running import Shell
from softnpu.compiler.modules import read_module
from softnpu.compiler.programs import cores, program_name
from softnpu.compiler.selection import main_device
from softnpu.passes.sequence_ops import devices, sequences
from tests.amd_tools.install import install
from tests.conftest import DESIGNS, GOLDEN

WRITTEN = ("placed.mlir", "traced.mlir", "input_with_addresses.mlir", "input_physical.mlir")


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tool]:
    """aie-opt and aie-translate of 1.4, played."""
    folder = install(tmp_path_factory.mktemp("bin"), [AIE_OPT, AIE_TRANSLATE])
    prober = Prober(folder / "cache")
    found = {n: prober.probe(n, Candidate(folder / n, "PATH")) for n in (AIE_OPT, AIE_TRANSLATE)}
    return {name: tool for name, tool in found.items() if isinstance(tool, Tool)}


@pytest.mark.parametrize("design", DESIGNS)
def test_all_stages_read_and_write_what_the_tools_of_1_4_do(
    tools: dict[str, Tool], tmp_path: Path, design: str
) -> None:
    march = GOLDEN / design
    shutil.copyfile(march / "design.mlir", tmp_path / lowering.DESIGN)
    translate = tools[AIE_TRANSLATE]
    device = main_device(read_module(march / "design.mlir"))
    lowering.lower(tmp_path, device.device.name, tools[AIE_OPT])
    module = read_module(tmp_path / lowering.ARRAY)
    shell = Shell(tmp_path, "cores")
    expected = [*WRITTEN]
    for device_op in devices(module):
        for core in cores(device_op):
            name = program_name(device_op, core, ".ld.script")
            compiling.write_script(shell, translate, device_op, core, name)
            expected += [name] if (march / name).is_file() else []
    packing.cdo(tmp_path, translate)
    expected += [path.name for path in march.glob("*_cdo_*.bin")]
    lowering.insts(tmp_path, tools[AIE_OPT], translate)
    expected.append(lowering.NPU_INSTS)
    for name in expected:
        if name == lowering.TRACED and not (tmp_path / name).exists():
            continue  # the design traces nothing
        assert (tmp_path / name).read_bytes() == (march / name).read_bytes(), name
    first = sequences(main_device(read_module(tmp_path / lowering.PHYSICAL)))[0].sym_name
    named = march / f"insts_{main_device(module).sym_name}_{first}.bin"
    stream = named if named.is_file() else march / lowering.INSTS
    assert (tmp_path / lowering.INSTS).read_bytes() == stream.read_bytes()


def test_every_design_is_placed_and_one_that_traces_has_its_traces_lowered(
    tools: dict[str, Tool], tmp_path: Path
) -> None:
    for design, made in (
        ("logical_unpinned", {"placed.mlir"}),
        ("trace_tiles", {"placed.mlir", "traced.mlir"}),
        ("passthrough_core", {"placed.mlir"}),
    ):
        shutil.copyfile(GOLDEN / design / "design.mlir", tmp_path / lowering.DESIGN)
        lowering.lower(tmp_path, "npu1", tools[AIE_OPT])
        assert {name for name in WRITTEN[:2] if (tmp_path / name).exists()} == made


def test_parameters_of_the_scratchpad_get_their_table(
    tools: dict[str, Tool], tmp_path: Path
) -> None:
    shutil.copyfile(GOLDEN / "scratchpad_values" / "design.mlir", tmp_path / lowering.DESIGN)
    lowering.lower(tmp_path, "npu2", tools[AIE_OPT])
    count, *rows = (tmp_path / lowering.PARAMETERS).read_text().splitlines()
    assert int(count) == len(rows) > 0

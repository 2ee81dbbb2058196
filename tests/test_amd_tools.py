"""Whole builds with AMD's programs on the machine, played by fakes (tests/amd_tools)."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline.amd.finding import TOOLS, candidates
from softnpu.formats import xclbin
from tests.amd_tools.install import MARCH, NEWEST, PEANO, SPELLINGS, WITHOUT_PEANO, install
from tests.project import STAGES, Project, make_project

FOLDER = Path("build/npu1_1col/vector_scale/small")
BY_AMD = {"lower", "insts", "cdo", "routes", "pdi", "xclbin", "manifest", "test_emu"}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """vector_scale with one variant, built by npuforge's own tools."""
    project = make_project(tmp_path_factory.mktemp("project"), "vector_scale")
    project.edit(
        "mlir_templates/vector_scale.py",
        'variants = {"small": {}, "large": {"n": 65536, "factor": -7}}',
        'variants = {"small": {}}',
    )
    assert project.tasks_run() == STAGES
    return project.root


def machine(copy: Path, bin_folder: Path, **variables: str) -> Project:
    """The project on a machine that has the programs in a folder on its PATH, and no others."""
    installed = ("MLIR_AIE_INSTALL_DIR", "PEANO_INSTALL_DIR", "XILINX_XRT")
    nothing = dict.fromkeys(installed, "")
    alone = {"NPUFORGE_TOOLCHAIN": "auto", "PATH": str(bin_folder), **nothing}
    return Project(copy, {**alone, **variables})


def in_usual_places() -> bool:
    """Whether this machine has AMD's own tools where no environment can hide them."""
    return any(candidates(tool, {}) for tool in TOOLS)


pytestmark = pytest.mark.skipif(in_usual_places(), reason="AMD's own tools are installed here")


@pytest.fixture
def restored(copy: Path) -> Iterator[Path]:
    """The project, which is npuforge's own work again afterwards."""
    yield copy
    Project(copy).doit()


def manifest(root: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((root / FOLDER / "manifest.json").read_text())
    return found


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_all_but_peano_makes_an_artifact_for_the_emulator(
    restored: Path, tmp_path: Path, spelling: str
) -> None:
    here = machine(restored, install(tmp_path / "bin", spelling=spelling))
    ours = {p.name: p.read_bytes() for p in (restored / FOLDER).iterdir() if p.is_file()}
    assert here.tasks_run("build", "test_emu") == BY_AMD
    assert here.tasks_run("build", "test_emu") == set()
    tools = manifest(restored)["tools"]
    assert set(tools["lower"]) == {"aie-opt", "npuforge"}
    assert set(tools["cores"]) == {"xdsl", "ziglang", "npuforge"}
    assert manifest(restored)["core_isa"] == "rv32"
    made = xclbin.parse((restored / FOLDER / "final.xclbin").read_bytes())
    assert made.marks == {"core_isa": "rv32"}
    for name in ("insts.bin", "main_aie_cdo_elfs.bin", "main.pdi"):
        assert (restored / FOLDER / name).read_bytes() == ours[name]


def test_a_project_in_a_folder_with_a_space_is_built(tmp_path: Path) -> None:
    project = make_project(tmp_path / "my project", "vector_add")
    here = machine(project.root, install(tmp_path / "my tools"))
    assert here.tasks_run() == STAGES


def test_a_log_is_a_script_that_makes_the_same_again(restored: Path, tmp_path: Path) -> None:
    here = machine(restored, install(tmp_path / "bin"))
    here.tasks_run("build")
    pdi = restored / FOLDER / "main.pdi"
    before = pdi.read_bytes()
    pdi.unlink()
    log = restored / FOLDER / "logs" / "pdi.log"
    assert "# exit 0" in log.read_text()
    subprocess.run(["sh", str(log)], check=True, capture_output=True)
    assert pdi.read_bytes() == before


def test_one_stage_by_one_maker(restored: Path, tmp_path: Path) -> None:
    here = machine(restored, install(tmp_path / "bin"), NPUFORGE_TOOLCHAIN="embedded")
    assert here.tasks_run("build", "--pdi", "amd") == {"pdi", "manifest"}
    assert here.tasks_run("--pdi=amd", "build") == set()
    assert set(manifest(restored)["tools"]["pdi"]) == {"bootgen", "npuforge"}
    assert here.tasks_run("build") == {"pdi", "manifest"}


def test_another_build_of_a_tool_makes_its_stage_again(restored: Path, tmp_path: Path) -> None:
    here = machine(restored, install(tmp_path / "bin", ["bootgen"]))
    assert "pdi" in here.tasks_run("build")
    assert here.tasks_run("build") == set()
    install(tmp_path / "bin", ["bootgen"], version=".1")
    assert here.tasks_run("build") == {"pdi", "manifest"}


@pytest.mark.parametrize("programs", [WITHOUT_PEANO, ()], ids=["with mlir-aie", "alone"])
def test_peano_makes_an_artifact_for_the_npu(
    restored: Path, tmp_path: Path, programs: tuple[str, ...]
) -> None:
    install(tmp_path / "peano" / "bin", PEANO)
    here = machine(
        restored, install(tmp_path / "bin", programs), PEANO_INSTALL_DIR=str(tmp_path / "peano")
    )
    done = here.doit("build")
    assert done.returncode == 0, done.stdout + done.stderr
    assert manifest(restored)["core_isa"] == "aie2"
    assert not xclbin.parse((restored / FOLDER / "final.xclbin").read_bytes()).marks
    commands = "\n".join(manifest(restored)["commands"]["cores"])
    assert "--target=aie2-none-unknown-elf" in commands
    assert ("bin/llc" in commands) == bool(programs)
    assert "-Wl,-T,main_core_0_2.ld.script" in commands


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        ("volatile int32_t big[999]; big[in[0] & 511] = 1; out[0] = big[5];", "bytes of stack"),
        ("out[0] = in[0] +;", "vector_scale.c:8:"),
        ("out[0] = elsewhere(in[0]);", "elsewhere"),
        ("extern int32_t elsewhere(int32_t); out[0] = elsewhere(in[0]);", "elsewhere"),
    ],
    ids=["stack", "syntax", "undeclared", "undefined"],
)
def test_peano_cores_are_checked_as_stand_ins_are(
    restored: Path, tmp_path: Path, kernel: str, message: str
) -> None:
    install(tmp_path / "peano" / "bin", PEANO)
    here = machine(restored, tmp_path / "none", PEANO_INSTALL_DIR=str(tmp_path / "peano"))
    source = "kernels_src/vector_scale.c"
    before = (restored / source).read_text()
    head = "#include <stdint.h>\n" + "\n" * 5
    signature = "void vector_scale(const int32_t *restrict in, int32_t *restrict out) {"
    here.write(source, f"{head}{signature}\n    {kernel}\n}}\n")
    try:
        done = here.doit("build")
    finally:
        here.write(source, before)
    assert done.returncode == 1
    assert message in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("silent", "aie-opt ended without an error, but did not write placed.mlir"),
        ("fail", "aie-opt: this one always fails"),
    ],
)
def test_a_tool_that_makes_nothing_is_a_failure(
    restored: Path, tmp_path: Path, mode: str, message: str
) -> None:
    here = machine(restored, install(tmp_path / "bin", modes={"aie-opt": mode}))
    done = here.doit("build")
    assert done.returncode == 1
    assert message in done.stdout
    assert "logs/lower.log" in done.stdout


def test_a_program_of_the_same_name_is_passed_over(restored: Path, tmp_path: Path) -> None:
    folder = install(tmp_path / "bin", ["bootgen", "clang"], modes={"bootgen": "other"})
    here = machine(restored, folder)
    assert here.tasks_run("build") == set()
    refused = here.doit("build", "--pdi", "amd")
    assert refused.returncode == 1
    assert "bootgen, which is to make pdi, was found, but cannot be used" in refused.stdout
    assert "is no Xilinx bootgen" in refused.stdout


def test_what_was_asked_for_and_is_not_there_stops_all_work(restored: Path) -> None:
    here = machine(restored, restored / "nowhere")
    done = here.doit("build", "--toolchain", "amd")
    assert done.returncode == 1
    assert "peano, which is to make cores, was not found in $PEANO_INSTALL_DIR" in done.stdout
    assert "aie-opt, which is to make lower and insts, was not found" in done.stdout
    assert not any(line.startswith(("render", "kernels")) for line in done.stdout.splitlines())


def test_a_choice_that_there_is_not_is_refused(copy: Path) -> None:
    done = Project(copy).doit("build", "--toolchain", "amdd")
    assert done.returncode == 2
    assert "--toolchain takes auto, amd, embedded, not 'amdd'" in done.stderr


def test_a_fault_that_aie_opt_finds_is_shown_in_the_authors_template(
    restored: Path, tmp_path: Path
) -> None:
    here = machine(restored, install(tmp_path / "bin"))
    template = "mlir_templates/vector_scale.mlir.j2"
    line = next(
        number
        for number, text in enumerate((restored / template).read_text().splitlines(), 1)
        if "aie.objectfifo @" in text
    )
    before = (restored / template).read_text()
    here.edit(template, "aie.objectfifo @", "aie.objectfifo.nonsense @")
    try:
        done = here.doit("build")
    finally:
        here.write(template, before)
    assert done.returncode == 1
    assert f"{template}:{line}:" in done.stdout
    assert "note: rendered as " in done.stdout
    script = restored / FOLDER / "logs" / "lower.reproduce.sh"
    assert os.access(script, os.X_OK)
    assert "--mlir-print-ir-after-failure" in script.read_text()
    again = subprocess.run([str(script)], capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert "error" in again.stderr


def test_what_a_later_stage_finds_is_shown_in_the_authors_template_too(
    restored: Path, tmp_path: Path
) -> None:
    here = machine(restored, install(tmp_path / "bin", ["aie-opt"]))
    template = "mlir_templates/vector_scale.mlir.j2"
    before = (restored / template).read_text()
    line = next(n for n, text in enumerate(before.splitlines(), 1) if "func.call" in text)
    here.write(template, before.replace("@vector_scale(", "@vector_scael("))
    try:
        done = here.doit("build")
    finally:
        here.write(template, before)
    assert "calls 'vector_scael', which none of the objects that it links defines" in done.stdout
    assert f"{template}:{line}:" in done.stdout
    assert "note: rendered as " in done.stdout


CROSSED = """\
// A trace goes to the DMA of another core, and aie-opt's router leads it through a DMA of its own.
module {
  aie.device(npu1_2col) {
    %a = aie.tile(0, 2)
    %b = aie.tile(1, 2)
    aie.flow(%a, Trace : 0, %b, DMA : 0)
    aie.runtime_sequence(%x: memref<16xi32>) {
    }
  }
}
"""


def test_what_aie_opt_misroutes_stops_the_build_at_the_flow(restored: Path, tmp_path: Path) -> None:
    here = machine(restored, install(tmp_path / "bin"))
    design = restored / "mlir_templates/crossed.mlir"
    design.write_text(CROSSED)
    try:
        done = here.doit("build")
        ours = here.doit("build", "--lower", "embedded")
    finally:
        design.unlink()
    assert done.returncode == 1
    told = "the flow from tile (0, 2) Trace 0 to tile (1, 2) DMA 0 never arrives"
    assert f"mlir_templates/crossed.mlir:6:5: error: {told}" in done.stdout
    assert "pdi       crossed" not in done.stdout
    assert ours.returncode == 0, ours.stdout
    assert f"would misroute this design: {told}" in ours.stdout
    routes = restored / "build/npu1_2col/crossed/default/routes.txt"
    assert "(0,2) Trace0 -> FIFO0, (0,2) FIFO0 -> East" in routes.read_text()


def test_parity_reports_every_stage(restored: Path, tmp_path: Path) -> None:
    done = machine(restored, install(tmp_path / "bin", spelling=NEWEST)).doit("parity")
    assert done.returncode == 0, done.stdout
    for line in ("lower    3 identical", "cores    1 identical", "insts    2 identical"):
        assert line in done.stdout
    assert "(aie-opt mlir-aie 1.4 (3ca0193c), LLVM 23.1.4" in done.stdout
    for line in ("cdo      3 identical", "pdi      1 identical", "xclbin   1 identical"):
        assert line in done.stdout


def test_parity_tells_a_release_that_does_not_read_our_text(restored: Path, tmp_path: Path) -> None:
    done = machine(restored, install(tmp_path / "bin", spelling=MARCH)).doit("parity")
    assert "(aie-opt mlir-aie 2026-03 (5ff2ab97), LLVM 22.1.0)" in done.stdout
    for stage in ("cores    1", "insts    1", "cdo      3"):
        assert f"{stage} not compared  (aie-" in done.stdout
    assert "is of mlir-aie 2026-03, which does not read the MLIR of 1.4" in done.stdout


def test_parity_says_what_it_could_not_compare(restored: Path, tmp_path: Path) -> None:
    done = machine(restored, install(tmp_path / "bin", ["bootgen"])).doit("parity")
    assert done.returncode == 0, done.stdout
    assert "pdi      1 identical  (bootgen 2022.2)" in done.stdout
    assert "lower    2 not compared  (aie-opt not found)" in done.stdout


def test_parity_compares_what_is_there_whoever_builds(restored: Path, tmp_path: Path) -> None:
    tools = install(tmp_path / "bin", ["bootgen"])
    done = machine(restored, tools, NPUFORGE_TOOLCHAIN="embedded").doit("parity")
    assert done.returncode == 0, done.stdout
    assert "pdi      1 identical  (bootgen 2022.2)" in done.stdout


def test_parity_with_nothing_to_compare_is_no_success(restored: Path) -> None:
    done = machine(restored, restored / "nowhere").doit("parity")
    assert done.returncode == 1
    assert "nothing was compared" in done.stdout

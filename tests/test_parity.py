"""Every artifact of every golden design, against what AMD's own tools made of it.

The whole compiler runs once for each design, with the golden's dummy core programs.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from softnpu.compiler import kernel
from softnpu.compiler.driver import Options, compile_design
from softnpu.compiler.packaging import write_pdi, write_xclbin
from softnpu.compiler.programs import hand_over
from softnpu.dialects.text import parse_file
from softnpu.errors import DesignError
from softnpu.formats import xclbin
from softnpu.formats.pdi import from_cdos
from softnpu.formats.xclbin import partition
from tests.conftest import DESIGNS, GOLDEN, MARCH, MARCH_DESIGNS

REFUSED = {"runtime_bound": "depends on a value that only the run knows"}
"""Designs whose instruction stream AMD's tools leave empty without a word."""
UNWRITTEN = {(design, "insts.bin") for design in REFUSED}

PATTERNS = (
    *("placed.mlir", "traced.mlir", "input_with_addresses.mlir", "input_physical.mlir"),
    *("npu_insts.mlir", "flows.json", "*.ld.script", "insts*.bin", "*_aie_cdo_*.bin"),
)
FILES = [
    (design, path.name)
    for design in DESIGNS
    for pattern in PATTERNS
    for path in sorted((GOLDEN / design).glob(pattern))
]
PARTITION = "partition_main"
"""How xclbinutil names the section of the partition: by the file that aiecc of 1.4 hands it."""
OF_MARCH = {"main_aie_partit": PARTITION, "main_mem_topolo": "memTopology_mai"}
"""aiecc of March 2026 called its files otherwise; a name has room for fifteen letters."""
CDO_PARTS = ("elfs", "init", "enable")


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folder of our artifacts for each golden design."""
    folders = {design: tmp_path_factory.mktemp(design) for design in DESIGNS}
    for design, folder in folders.items():
        options = Options(elf_dir=GOLDEN / design)
        if design in REFUSED:
            with pytest.raises(DesignError, match=REFUSED[design]):
                compile_design(GOLDEN / design / "design.mlir", folder, options)
        else:
            compile_design(GOLDEN / design / "design.mlir", folder, options)
    return folders


@pytest.mark.parametrize(("design", "name"), FILES)
def test_each_file_is_amds_byte_for_byte(compiled: dict[str, Path], design: str, name: str) -> None:
    ours = compiled[design] / name
    if (design, name) in UNWRITTEN:
        assert not ours.exists()
    elif name.endswith(".bin"):
        assert_same_bytes(ours, GOLDEN / design / name)
    else:
        assert ours.read_text() == (GOLDEN / design / name).read_text()


@pytest.mark.parametrize("design", [design for design in DESIGNS if design not in REFUSED])
def test_each_devices_pdi_is_that_of_amds_cdo_files(compiled: dict[str, Path], design: str) -> None:
    for elfs in sorted((GOLDEN / design).glob("*_aie_cdo_elfs.bin")):
        device = elfs.name.removesuffix("_aie_cdo_elfs.bin")
        files = [
            (GOLDEN / design / f"{device}_aie_cdo_{part}.bin").read_bytes() for part in CDO_PARTS
        ]
        assert (compiled[design] / f"{device}.pdi").read_bytes() == from_cdos(files)


@pytest.mark.parametrize("design", MARCH_DESIGNS)
def test_amds_cdo_files_are_packed_as_bootgen_packs_them(design: str) -> None:
    files = [(MARCH / design / f"main_aie_cdo_{part}.bin").read_bytes() for part in CDO_PARTS]
    assert from_cdos(files) == (MARCH / design / "design.pdi").read_bytes()


@pytest.mark.parametrize("design", MARCH_DESIGNS)
def test_an_xclbin_has_the_sections_that_xclbinutil_writes(design: str, tmp_path: Path) -> None:
    module = parse_file(MARCH / design / "input_physical.mlir")
    hand_over(module)
    for part in CDO_PARTS:
        name = f"main_aie_cdo_{part}.bin"
        (tmp_path / name).write_bytes((MARCH / design / name).read_bytes())
    write_pdi(tmp_path, "main")
    write_xclbin(module, tmp_path, MARCH / design, kernel.of_module(module))
    ours, theirs = sections(tmp_path / "final.xclbin"), sections(MARCH / design / "final.xclbin")
    assert [name for name, _ in ours] == [OF_MARCH.get(name, name) for name, _ in theirs]
    for (name, data), (_, expected) in zip(ours, theirs, strict=True):
        assert (data if name != PARTITION else as_in_march(data, expected)) == expected, name


def as_in_march(data: bytes, expected: bytes) -> bytes:
    """Our partition with March's start columns, which 1.4 counts otherwise (test_device)."""
    starts = partition.parse(expected).start_columns
    return partition.build(replace(partition.parse(data), start_columns=starts))


@pytest.mark.parametrize("design", MARCH_DESIGNS)
def test_a_design_of_march_2026_becomes_what_the_same_design_of_today_does(
    compiled: dict[str, Path], design: str, tmp_path: Path
) -> None:
    compile_design(MARCH / design / "design.mlir", tmp_path, Options(elf_dir=MARCH / design))
    for path in sorted(compiled[design].iterdir()):
        if path.suffix in (".bin", ".pdi") or path.name in ("input_physical.mlir", "flows.json"):
            assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def assert_same_bytes(ours: Path, theirs: Path) -> None:
    """Equal files; a difference is shown by the offset of its first byte."""
    found, expected = ours.read_bytes(), theirs.read_bytes()
    pairs = zip(found, expected, strict=False)
    first = next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(found), len(expected)))
    assert found == expected, f"{ours.name} differs at byte {first:#x}"


def sections(path: Path) -> list[tuple[str, bytes]]:
    """The sections of an xclbin, in order."""
    container = xclbin.parse(path.read_bytes()).container
    return [(section.name, section.data) for section in container.sections]

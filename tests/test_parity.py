"""Every artifact of every golden design, against what AMD's own tools made of it.

The whole compiler runs once for each design, with the golden's dummy core programs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from softnpu.compiler.driver import Options, compile_design
from softnpu.dialects.aie import (
    BufferOp,
    ConnectOp,
    DMABDOp,
    LockOp,
    MasterSetOp,
    PacketRuleOp,
)
from softnpu.dialects.source import parse_file
from softnpu.formats import xclbin
from softnpu.formats.pdi import from_cdos
from tests.conftest import DESIGNS, GOLDEN

TEXTS = ("input_with_addresses.mlir", "input_physical.mlir", "npu_insts.mlir", "flows.json")
CDO_FILES = ("main_aie_cdo_elfs.bin", "main_aie_cdo_init.bin", "main_aie_cdo_enable.bin")
SCRIPTS = [(p.parent.name, p.name) for p in sorted(GOLDEN.glob("*/*.ld.script"))]


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folder of our artifacts for each golden design."""
    folders = {design: tmp_path_factory.mktemp(design) for design in DESIGNS}
    for design, folder in folders.items():
        compile_design(GOLDEN / design / "design.mlir", folder, Options(elf_dir=GOLDEN / design))
    return folders


@pytest.mark.parametrize("design", DESIGNS)
def test_instruction_stream(compiled: dict[str, Path], design: str) -> None:
    assert_same_bytes(compiled[design] / "insts.bin", GOLDEN / design / "insts.bin")


@pytest.mark.parametrize("name", CDO_FILES)
@pytest.mark.parametrize("design", DESIGNS)
def test_cdo(compiled: dict[str, Path], design: str, name: str) -> None:
    assert_same_bytes(compiled[design] / name, GOLDEN / design / name)


@pytest.mark.parametrize("design", DESIGNS)
def test_pdi(compiled: dict[str, Path], design: str) -> None:
    assert_same_bytes(compiled[design] / "main.pdi", GOLDEN / design / "design.pdi")


@pytest.mark.parametrize("design", DESIGNS)
def test_pdi_from_amds_cdo_files(design: str) -> None:
    files = [(GOLDEN / design / name).read_bytes() for name in CDO_FILES]
    assert from_cdos(files) == (GOLDEN / design / "design.pdi").read_bytes()


@pytest.mark.parametrize("design", DESIGNS)
def test_xclbin_sections(compiled: dict[str, Path], design: str) -> None:
    ours = sections(compiled[design] / "final.xclbin")
    theirs = sections(GOLDEN / design / "final.xclbin")
    assert [name for name, _ in ours] == [name for name, _ in theirs]
    for (name, data), (_, expected) in zip(ours, theirs, strict=True):
        assert data == expected, name


@pytest.mark.parametrize(("design", "name"), SCRIPTS)
def test_linker_script(compiled: dict[str, Path], design: str, name: str) -> None:
    assert (compiled[design] / name).read_text() == (GOLDEN / design / name).read_text()


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("design", DESIGNS)
def test_text(compiled: dict[str, Path], design: str, name: str) -> None:
    assert (compiled[design] / name).read_text() == (GOLDEN / design / name).read_text()


@pytest.mark.parametrize("design", DESIGNS)
def test_addresses_locks_descriptors_and_connections(
    compiled: dict[str, Path], design: str
) -> None:
    name = "input_physical.mlir"
    assert set(facts(compiled[design] / name)) == set(facts(GOLDEN / design / name))


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


def facts(path: Path) -> Iterator[tuple[object, ...]]:
    """What a routed design has decided, whatever its text looks like."""
    for op in parse_file(path).walk():
        match op:
            case BufferOp():
                yield "buffer", op.position, op.sym_name, op.address
            case LockOp():
                yield "lock", op.position, op.sym_name, op.lock_id, op.init
            case DMABDOp():
                yield "descriptor", op.bd_id, op.next_bd_id, op.offset, op.len
            case ConnectOp():
                yield "connection", op.source_port, op.dest_port
            case MasterSetOp():
                yield "master", op.dest_port, len(op.amsels)
            case PacketRuleOp():
                yield "rule", op.mask, op.value, op.amsel_op.arbiter_id, op.amsel_op.msel

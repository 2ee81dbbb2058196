"""`npuforge translate`: golden designs turned into what aie-translate of mlir-aie makes of them."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest

from softnpu.__main__ import main
from softnpu.compiler.translate import FORMATS

CORES = ("main_core_0_2", "main_core_1_3")


@pytest.fixture
def design(golden: Path) -> Path:
    return golden / "broadcast_add"


def translated(capsysbinary: pytest.CaptureFixture[bytes], *arguments: str) -> bytes:
    assert main(["translate", *arguments]) == 0
    return capsysbinary.readouterr().out


def test_a_sequence_becomes_the_instruction_stream(
    design: Path, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    stream = (design / "insts.bin").read_bytes()
    lowered, file = str(design / "npu_insts.mlir"), tmp_path / "insts.bin"
    assert translated(capsysbinary, "--aie-npu-to-binary", lowered, "-o", str(file)) == b""
    assert file.read_bytes() == stream
    assert translated(capsysbinary, "--aie-npu-to-binary", lowered) == stream
    words = translated(capsysbinary, "-aie-npu-to-binary", "-aie-output-binary=false", lowered)
    assert b"".join(int(word, 16).to_bytes(4, "little") for word in words.split()) == stream


def test_a_device_becomes_its_configuration_with_the_cores_programs(
    design: Path, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    for core in CORES:
        shutil.copy(design / f"{core}.elf", tmp_path)
    options = ("--aie-generate-cdo", f"--work-dir-path={tmp_path}")
    translated(capsysbinary, *options, str(design / "npu_insts.mlir"))
    made = {path.name: path.read_bytes() for path in tmp_path.glob("*.bin")}
    assert made == {path.name: path.read_bytes() for path in design.glob("main_aie_cdo_*.bin")}


def test_a_core_becomes_its_linker_script(
    design: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    physical = str(design / "input_physical.mlir")
    for core in CORES:
        col, row = core.split("_")[-2:]
        place = (f"--tilecol={col}", f"--tilerow={row}")
        made = translated(capsysbinary, "--aie-generate-ldscript", *place, physical)
        assert made == (design / f"{core}.ld.script").read_bytes()


def test_what_passes_print_is_taken_from_stdin(
    design: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["opt", "--aie-find-flows", str(design / "input_physical.mlir")]) == 0
    found = io.StringIO(capsysbinary.readouterr().out.decode())
    monkeypatch.setattr("sys.stdin", found)
    routes = translated(capsysbinary, "--aie-flows-to-json")
    assert routes == (design / "flows.json").read_bytes()


def test_a_core_list_names_the_programs(
    design: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    listed = translated(capsysbinary, "--aie-generate-corelist", str(design / "npu_insts.mlir"))
    assert listed == b'[(0,2,"main_core_0_2.elf"),(1,3,"main_core_1_3.elf"),]\n'


def test_an_unknown_device_is_told(design: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--aie-flows-to-json", "--aie-device-name=other")
    assert main(["translate", *options, str(design / "input_physical.mlir")]) == 1
    assert "there is no device '@other'" in capsys.readouterr().err


@pytest.mark.parametrize("options", [(), [f"--{name}" for name in FORMATS][:2]])
def test_one_format_has_to_be_chosen(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["translate", *options, "design.mlir"])
    assert ended.value.code == 2
    assert "--aie-npu-to-binary" in capsys.readouterr().err

"""`python -m softnpu compile`: exit codes and messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from softnpu.__main__ import main


def test_artifacts_are_named_as_aiecc_names_them(
    tmp_path: Path, golden: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = golden / "broadcast_add"
    code = main(
        ["compile", str(folder / "design.mlir"), "-o", str(tmp_path), "--elf-dir", str(folder)]
    )
    assert code == 0
    wanted = {path.name for path in folder.iterdir() if path.suffix not in (".ll", ".pdi")}
    made = {path.name for path in tmp_path.iterdir()}
    assert wanted - {"design.mlir"} | {"main.pdi"} <= made
    assert "packed as they are: main_core_0_2.elf, main_core_1_3.elf" in capsys.readouterr().out


def test_a_wrong_design_is_shown_with_its_place_and_a_caret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    design = tmp_path / "design.mlir"
    design.write_text("module {\n  aie.device(npu1_1col) {\n    %t = aie.tile(0 2)\n  }\n}\n")
    assert main(["compile", str(design), "-o", str(tmp_path / "out")]) == 1
    message = capsys.readouterr().err
    assert f"{design}:3:" in message
    assert "    %t = aie.tile(0 2)\n" in message
    assert "^" in message
    assert "Traceback" not in message


def test_a_design_that_is_not_there_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compile", str(tmp_path / "no.mlir"), "-o", str(tmp_path)]) == 1
    assert "no.mlir" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--objects", "--elf-dir"])
def test_a_folder_that_is_not_there_is_an_error(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    design = tmp_path / "design.mlir"
    design.write_text("module {\n}\n")
    arguments = ["compile", str(design), "-o", str(tmp_path / "out"), option, str(tmp_path / "no")]
    assert main(arguments) == 1
    assert f"{option} {tmp_path / 'no'}: there is no such folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["d.mlir"], ["d.mlir", "-o", "out", "--fast"], ["d.mlir", "-o", "o", "--alloc", "x"]],
)
def test_a_wrong_call_exits_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as error:
        main(["compile", *arguments])
    assert error.value.code == 2


def test_help_names_artifacts_and_options(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as error:
        main(["compile", "--help"])
    assert error.value.code == 0
    text = capsys.readouterr().out
    for word in ("final.xclbin", "insts.bin", "--objects", "--elf-dir", "--alloc", "examples:"):
        assert word in text

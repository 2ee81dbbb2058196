"""`npuforge compile`: exit codes and messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from softnpu.__main__ import main
from softnpu.formats import txn
from softnpu.formats.operations import AddressPatch


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


@pytest.mark.parametrize(("folded", "offset"), [("true", 0x80000100), ("false", 0x100)])
def test_the_sixth_buffers_address_is_translated_unless_the_host_does(
    folded: str, offset: int, tmp_path: Path
) -> None:
    design = tmp_path / "design.mlir"
    buffers = ", ".join(f"%b{n}: memref<16xi32>" for n in range(6))
    patch = "aiex.npu.address_patch {addr = 4 : ui32, arg_idx = 5 : i32, arg_plus = 256 : i32}"
    design.write_text(
        f"module {{ aie.device(npu1_1col) {{ aie.runtime_sequence({buffers}) {{ {patch} }} }} }}"
    )
    option = f"--fold-ddr-addr-offset={folded}"
    assert main(["compile", str(design), "-o", str(tmp_path), option]) == 0
    (made,) = txn.parse((tmp_path / "insts.bin").read_bytes()).operations
    assert made == AddressPatch(4, 5, offset)


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


CORE = """
    %core{n} = aie.core(%worker{n}) {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c9 = arith.constant 9 : index
      scf.for %i = %c0 to %c9 step %c1 {{
        %o = aie.objectfifo.acquire @out{n}(Produce, 1) : !aie.objectfifosubview<memref<8xi32>>
      }}
      aie.end
    }}
"""
FIFO = """
    %worker{n} = aie.tile(0, {row})
    aie.objectfifo @out{n}(%worker{n}, {{%mem}}, 2 : i32) : !aie.objectfifo<memref<8xi32>>
"""


def test_warnings_that_are_alike_are_told_once_with_their_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fifos = "".join(FIFO.format(n=n, row=2 + n) for n in range(4))
    cores = "".join(CORE.format(n=n) for n in range(4))
    design = tmp_path / "design.mlir"
    design.write_text(
        f"module {{\n aie.device(npu1_1col) {{\n %mem = aie.tile(0, 1){fifos}{cores} }}\n}}\n"
    )
    assert main(["compile", str(design), "-o", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().err
    assert said.count("warning: this loop acquires objects of @out") == 1
    assert "or acquire it before the loop\n  … and 3 more like it\n" in said


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


@pytest.mark.parametrize(("seed", "place"), [(1, "(2, 3)"), (3, "(3, 4)")])
def test_a_seed_decides_where_annealing_puts_tiles(seed: int, place: str, tmp_path: Path) -> None:
    design = tmp_path / "design.mlir"
    design.write_text(
        "module { aie.device(npu1) {\n"
        "%p = aie.logical_tile<CoreTile>(2, 4)\n"
        "%q = aie.logical_tile<CoreTile>(?, ?)\n"
        "aie.cascade_flow(%p, %q)\n"
        "} }\n"
    )
    options = ["--placer=sa_placer", f"--sa-seed={seed}"]
    assert main(["compile", str(design), "-o", str(tmp_path), *options]) == 0
    assert f"aie.tile{place}" in (tmp_path / "placed.mlir").read_text()


def test_placement_folds_in_a_design_that_has_no_tile_to_place(tmp_path: Path) -> None:
    """aiecc runs the pass on every design, and its text goes on from there."""
    design = tmp_path / "design.mlir"
    design.write_text(
        "module { aie.device(npu1) { aie.runtime_sequence(%b: memref<16xi32>) {\n"
        "%four = arith.constant 4 : index\n"
        "%n = arith.index_cast %four : index to i32\n"
        "aiex.npu.write32(%n, %n) : i32, i32\n"
        "} } }\n"
    )
    assert main(["compile", str(design), "-o", str(tmp_path)]) == 0
    placed = (tmp_path / "placed.mlir").read_text()
    assert "aiex.npu.write32(%c4_i32, %c4_i32)" in placed
    assert "%c4 = arith.constant 4 : index" in placed

"""`npuforge opt`: passes by name, pipelines as text, cases of a file and what they expect."""

from __future__ import annotations

from pathlib import Path

import pytest

from softnpu.__main__ import main
from softnpu.compiler.pass_pipelines import PASSES, make_pass, parse_pipeline, pass_class
from softnpu.errors import ToolError
from softnpu.passes.place_tiles import PlaceTilesPass

DESIGN = "module { aie.device(npu1) { %t = aie.logical_tile<CoreTile>(?, ?)\n %l = aie.lock(%t) } }"
WRONG = (
    "module { aie.device(npu1) {\n %t = aie.tile(9, 9)  // expected-error {{there is no tile}}\n} }"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "design.mlir"
    path.write_text(DESIGN)
    return path


def test_every_pass_has_the_name_that_the_table_gives_it() -> None:
    assert {name: pass_class(name).name for name in PASSES} == {name: name for name in PASSES}


def test_passes_run_in_the_order_in_which_they_are_given(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["opt", "--aie-place-tiles", "-aie-assign-lock-ids", str(file)]) == 0
    printed = capsys.readouterr().out
    assert "%tile_0_2 = aie.tile(0, 2)" in printed
    assert "aie.lock(%tile_0_2, 0)" in printed


def test_a_pipeline_nests_passes_and_gives_them_options() -> None:
    text = "builtin.module(aie.device(aie-place-tiles{cores-per-col=2 merge-logical-tiles=false}))"
    assert parse_pipeline(text) == [PlaceTilesPass(cores_per_col=2, merge_logical_tiles=False)]
    assert make_pass("aie-place-tiles", "cores-per-col=2") == PlaceTilesPass(cores_per_col=2)
    annealing = PlaceTilesPass(placer="sa_placer", sa_seed=3)
    assert make_pass("aie-place-tiles", "placer=sa_placer sa-seed=3") == annealing


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("builtin.module(aie-place-tile)", "did you mean 'aie-place-tiles'"),
        ("builtin.module(aie-place-tiles", r"misses a '\)'"),
        ("aie-place-tiles{columns=2}", "has no option 'columns'; its options: placer"),
        ("aie-place-tiles{cores-per-col=two}", "cores-per-col is a number, not two"),
        ("aie-place-tiles{placer=mine}", "one of sequential_placer, sa_placer, not mine"),
        ("aie-place-tiles{merge-logical-tiles=2}", "is one of true, 1, false, 0, not 2"),
        ("linalg.generic(aie-place-tiles)", "cannot nest at 'linalg.generic'"),
        ("aie-place-tiles aie-assign-lock-ids", "cannot be read from here on"),
    ],
)
def test_a_pipeline_that_cannot_be_is_refused(text: str, why: str) -> None:
    with pytest.raises(ToolError, match=why):
        parse_pipeline(text)


@pytest.mark.parametrize(
    ("case", "code"), [(WRONG, 0), (WRONG.replace("there is", "nowhere is"), 1), (DESIGN, 0)]
)
def test_a_case_is_refused_where_and_as_it_expects(tmp_path: Path, case: str, code: int) -> None:
    path = tmp_path / "cases.mlir"
    path.write_text(f"{DESIGN}\n// -----\n{case}\n")
    assert main(["opt", "-verify-diagnostics", "-split-input-file", str(path)]) == code


def test_places_alone_can_be_compared(tmp_path: Path) -> None:
    path = tmp_path / "cases.mlir"
    path.write_text(WRONG.replace("there is no tile", "said otherwise"))
    assert main(["opt", "-verify-diagnostics=places", str(path)]) == 0


def test_an_error_that_does_not_come_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cases.mlir"
    path.write_text(WRONG.replace("9, 9", "0, 2"))
    assert main(["opt", "-verify-diagnostics", str(path)]) == 1
    assert "line 2: expected error 'there is no tile' did not come" in capsys.readouterr().err


def test_lines_count_from_the_files_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cases.mlir"
    path.write_text(f"{DESIGN}\n// -----\n{WRONG}\n")
    assert main(["opt", "-split-input-file", str(path)]) == 1
    assert f"{path}:5:" in capsys.readouterr().err


def test_the_table_of_scratchpad_parameters_goes_into_the_file_that_is_named(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text("""aiex.scratchpad_parameter @gain : i32
      aie.device(npu2) {
        %t = aie.tile(0, 2)
        %c = aie.core(%t) { %g = aiex.read_scratchpad_parameter @gain : i32 aie.end }
      }""")
    table = file.with_name("params.txt")
    given = f"--aie-lower-scratchpad-parameters=output-params-file={table}"
    assert main(["opt", given, str(file)]) == 0
    assert table.read_text() == "1\ngain 0 i32 core\n"
    missing = f"--aie-lower-scratchpad-parameters=output-params-file={file.parent}/none/params.txt"
    assert main(["opt", missing, str(file)]) == 1
    assert "none/params.txt: No such file or directory" in capsys.readouterr().err


def test_a_pass_that_npuforge_does_without_is_refused_with_the_reason(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["opt", "--aie-npu-to-cert", str(file)]) == 1
    assert "out of scope: it makes code for a controller that no npu1" in capsys.readouterr().err
    with pytest.raises(ToolError, match="a core's body becomes C, not LLVM's dialect"):
        parse_pipeline("builtin.module(canonicalize,convert-aievec-to-llvm{aie-target=aie2})")

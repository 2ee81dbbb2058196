"""`npuforge translate`: formats by aie-translate's options."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from softnpu.__main__ import main

DESIGN = """\
aie.device(npu2) {
  %shim = aie.tile(3, 0)
  %core = aie.tile(3, 2)
  aie.shim_dma_allocation @out(%shim, S2MM, 1)
  aie.shim_dma_allocation @in(%shim, MM2S, 0)
  %c = aie.core(%core) {
    aie.end
  }
  aie.runtime_sequence @go() {
    %address = arith.constant 1024 : i32
    %value = arith.constant 7 : i32
    aiex.npu.write32(%address, %value) : i32, i32
  }
}
"""


@pytest.fixture
def design(tmp_path: Path) -> Path:
    path = tmp_path / "design.mlir"
    path.write_text(DESIGN)
    return path


def test_names_stand_for_shim_channels(design: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["translate", "--aie-generate-json", str(design)]) == 0
    printed = capsys.readouterr().out
    assert json.loads(printed) == {
        "in": {"channelDir": 1, "channelIndex": 0, "col": 3},
        "out": {"channelDir": 0, "channelIndex": 1, "col": 3},
    }
    assert printed.startswith('{\n  "in": {\n    "channelDir": 1,\n')


@pytest.mark.parametrize(
    ("format", "expected"),
    [
        ("--aie-generate-target-arch", "AIE2p\n"),
        ("--aie-generate-corelist", "[(3,2,None),]\n"),
        ("--aie-generate-mmap", "// Tile(3, 0)\n"),
    ],
)
def test_a_device_is_told_in_aie_translates_words(
    design: Path, capsys: pytest.CaptureFixture[str], format: str, expected: str
) -> None:
    assert main(["translate", format, str(design)]) == 0
    assert capsys.readouterr().out.startswith(expected)


@pytest.mark.parametrize("format", ["--aie-generate-bcf", "--aie-generate-ldscript"])
def test_a_core_is_named_by_its_place(
    design: Path, capsys: pytest.CaptureFixture[str], format: str
) -> None:
    assert main(["translate", format, "--tilecol=3", "--tilerow=2", str(design)]) == 0
    assert "core_3_2" in capsys.readouterr().out
    assert main(["translate", format, str(design)]) == 1
    assert "there is no core at (0, 0) (--tilecol, --tilerow); cores: (3, 2)" in (
        capsys.readouterr().err
    )


def test_a_stream_is_written_with_where_it_comes_from(design: Path, tmp_path: Path) -> None:
    stream, places = tmp_path / "insts.bin", tmp_path / "places.json"
    call = ["translate", "--aie-npu-to-binary", f"--aie-npu-emit-locmap={places}", str(design)]
    assert main([*call, "-o", str(stream)]) == 0
    (write,) = json.loads(places.read_text())["operations"]
    assert write["byte_offset"] + write["byte_size"] == len(stream.read_bytes())
    assert (write["loc"]["file"], write["loc"]["line"]) == (str(design), 12)


def test_a_format_without_a_reader_here_is_refused_with_the_reason(
    design: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["translate", "--aie-generate-xaie", str(design)]) == 1
    told = capsys.readouterr().err
    assert "--aie-generate-xaie is not written" in told
    assert "--aie-generate-cdo" in told


def test_cases_of_one_file_are_translated_each_by_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = tmp_path / "cases.mlir"
    cases.write_text(f"{DESIGN}// -----\n{DESIGN.replace('npu2', 'npu1')}")
    command = ["translate", "--aie-generate-target-arch", "--split-input-file", str(cases)]
    assert main(command) == 0
    assert capsys.readouterr().out == "AIE2p\n// -----\nAIE2\n"

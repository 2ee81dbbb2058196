import json
import shutil
from pathlib import Path

import pytest

from softnpu.__main__ import main

OLD = "explicit_dma"
TIMESTAMP = 0x138
"""Where an xclbin has it."""


@pytest.fixture
def builds(march: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Two folders with the same build."""
    for name in ("old", "new"):
        shutil.copytree(march / OLD, tmp_path / name)
    return tmp_path / "old", tmp_path / "new"


def diff(*arguments: object) -> int:
    return main(["diff", *map(str, arguments)])


def test_the_same_build_is_identical(
    builds: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert diff(*builds) == 0
    assert capsys.readouterr().out == "identical\n"


def test_folders_are_compared_file_by_file(
    builds: tuple[Path, Path], march: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = builds
    (old / "design.pdi").unlink()
    (new / "flows.json").unlink()
    shutil.copy(march / "packet_routes" / "insts.bin", new)
    assert diff(old, new) == 1
    out = capsys.readouterr().out
    assert f"design.pdi: only in {new}" in out
    assert f"flows.json: only in {old}" in out
    assert "\ninsts.bin: " in out
    assert "main_aie_cdo_init.bin" not in out


def test_timestamps_count_only_when_asked(
    builds: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = builds[1] / "final.xclbin"
    data = bytearray(path.read_bytes())
    data[TIMESTAMP] ^= 1
    path.write_bytes(data)
    assert diff(*builds) == 0
    assert "final.xclbin: the same but for what every run writes anew" in capsys.readouterr().out
    assert diff("--exact", *builds) == 1


def test_a_file_is_looked_for_in_a_folder(builds: tuple[Path, Path], march: Path) -> None:
    assert diff(march / OLD / "insts.bin", builds[0]) == 0
    assert diff(builds[0], march / "packet_routes" / "insts.bin") == 1


def test_a_limit_shortens_text_but_not_json(
    march: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [march / name / "insts.bin" for name in (OLD, "packet_routes")]
    assert diff("--limit", 2, *files) == 1
    out = capsys.readouterr().out
    assert out.count("\n  instruction") <= 2
    assert "more (--limit, --json)" in out
    assert diff("--json", *files) == 1
    shown = json.loads(capsys.readouterr().out)
    assert shown["different"] is True
    assert len(shown["files"][0]["differences"]) > 2
    assert set(shown["files"][0]["differences"][0]) == {"place", "old", "new", "details", "varies"}


def test_trouble_has_an_exit_code_of_its_own(
    builds: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert diff(builds[0] / "nothing", builds[1]) == 2
    assert "nothing: No such file or directory" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert diff(builds[0], tmp_path / "empty") == 2
    assert "have no file in common" in capsys.readouterr().err

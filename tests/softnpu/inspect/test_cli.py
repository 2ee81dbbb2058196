import json
from pathlib import Path

import pytest

from softnpu.__main__ import main


def test_dump_prints_a_file_and_succeeds(march: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dump", str(march / "explicit_dma" / "insts.bin")]) == 0
    assert "instruction stream, 300 bytes" in capsys.readouterr().out


def test_dump_prints_json(march: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dump", "--json", str(march / "explicit_dma" / "design.pdi")]) == 0
    assert json.loads(capsys.readouterr().out)["image"] == "aie_image"


def test_one_bad_file_fails_the_call_but_not_the_others(
    march: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").write_bytes(b"")
    good = march / "explicit_dma" / "insts.bin"
    calls = ["dump", str(tmp_path / "empty"), str(tmp_path / "nothere"), str(tmp_path), str(good)]
    assert main(calls) == 1
    shown = capsys.readouterr()
    assert "instruction stream" in shown.out
    errors = shown.err.splitlines()
    assert errors[0].startswith(f"error: {tmp_path / 'empty'} is empty")
    assert errors[1] == f"error: {tmp_path / 'nothere'}: No such file or directory"
    assert errors[2] == f"error: {tmp_path}: Is a directory"

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from runner.__main__ import main
from tests.runner.npu.fakes import fake_pyxrt

Run = Callable[..., int]


@pytest.fixture
def run(golden: Path, tmp_path: Path) -> Run:
    """Runs `exec` on the golden design passthrough_memtile; the result is in out.npy."""
    np.save(tmp_path / "in.npy", np.arange(2048, dtype=np.int32))
    design = golden / "passthrough_memtile"

    def execute(*more: str, **files: Path) -> int:
        pair = {"xclbin": design / "final.xclbin", "insts": design / "insts.bin", **files}
        named = [text for name, path in pair.items() for text in (f"--{name}", str(path))]
        arguments = [f"in:{tmp_path}/in.npy", f"out:int32:2048:{tmp_path}/out.npy"]
        return main(["exec", *named, *(f"--arg={a}" for a in arguments), *more])

    return execute


def test_an_artifact_built_elsewhere_runs_on_the_emulator(run: Run, tmp_path: Path) -> None:
    assert run() == 0
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), np.arange(2048, dtype=np.int32))


def test_the_npu_is_reached_through_whatever_pyxrt_python_finds(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_pyxrt(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert run("--device", "npu") == 0
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), np.arange(2048, dtype=np.int32))


def test_without_pyxrt_the_error_says_so_without_a_traceback(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--device", "npu") == 1
    told = capsys.readouterr().err
    assert told.startswith("error: no pyxrt on this machine")
    assert "Traceback" not in told


def test_a_core_isa_on_the_npu_is_refused(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--device", "npu", "--core-isa", "rv32") == 1
    assert "an NPU runs its own code only" in capsys.readouterr().err


def bind(folder: Path, xclbin: Path, insts: Path) -> None:
    """A manifest as a build leaves it."""
    digests = {
        "final.xclbin": sha256(xclbin.read_bytes()).hexdigest(),
        "insts.bin": sha256(insts.read_bytes()).hexdigest(),
    }
    (folder / "manifest.json").write_text(json.dumps({"artifacts": digests}))


@pytest.fixture
def built(golden: Path, tmp_path: Path) -> Path:
    """A build folder whose manifest binds its pair."""
    folder = tmp_path / "built"
    folder.mkdir()
    for name in ("final.xclbin", "insts.bin"):
        shutil.copy(golden / "passthrough_memtile" / name, folder)
    bind(folder, folder / "final.xclbin", folder / "insts.bin")
    return folder


def test_a_pair_that_a_manifest_binds_runs(run: Run, built: Path) -> None:
    assert run(xclbin=built / "final.xclbin", insts=built / "insts.bin") == 0


def test_instructions_of_another_design_are_refused_by_the_manifest(
    run: Run, built: Path, golden: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = golden / "explicit_dma" / "insts.bin"
    assert run(xclbin=built / "final.xclbin", insts=other) == 1
    assert "not built together" in capsys.readouterr().err
    assert run("--any-pair", xclbin=built / "final.xclbin", insts=other) == 0


def test_another_programs_manifest_binds_nothing(run: Run, built: Path, golden: Path) -> None:
    (built / "manifest.json").write_text('{"name": "something else"}')
    assert run(xclbin=built / "final.xclbin", insts=golden / "explicit_dma" / "insts.bin") == 0


def test_a_damaged_manifest_is_told(
    run: Run, built: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (built / "manifest.json").write_text("{")
    assert run(xclbin=built / "final.xclbin") == 1
    assert "manifest.json cannot be read" in capsys.readouterr().err


def test_doubtful_launches_are_warned_of_and_run(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "more.npy", np.zeros(4, np.int32))
    assert run(f"--arg=in:{tmp_path}/more.npy") == 0
    assert "warning: argument 5 (bo2) is an input, and no transfer" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "plain"),
    [(b"", "no .npy file"), (b"1,2,3", "no .npy file")],
)
def test_an_input_that_is_no_array_is_refused_by_name(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, plain: str
) -> None:
    bad = tmp_path / "bad.npy"
    bad.write_bytes(content)
    assert run(f"--arg=in:{bad}") == 1
    told = capsys.readouterr().err
    assert str(bad) in told and plain in told


def test_a_result_that_cannot_be_written_is_told(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out.npy").mkdir()
    assert run() == 1
    assert "cannot be written" in capsys.readouterr().err

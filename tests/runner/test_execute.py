from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from runner.__main__ import main
from runner.session import Session
from softnpu.compiler.driver import compile_design
from softnpu.emulator.debugging.state import read
from softnpu.formats import txn
from tests.runner.npu.fakes import fake_pyxrt

Run = Callable[..., int]


@pytest.fixture
def run(march: Path, tmp_path: Path) -> Run:
    """Runs `exec` on the golden design passthrough_memtile; the result is in out.npy."""
    np.save(tmp_path / "in.npy", np.arange(2048, dtype=np.int32))
    design = march / "passthrough_memtile"

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


def test_a_hang_leaves_its_state_where_it_is_asked_to(
    run: Run, march: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = txn.parse((march / "passthrough_memtile" / "insts.bin").read_bytes())
    kept = tuple(o for o in stream.operations if getattr(o, "address", None) != 0x1D214)
    (tmp_path / "insts.bin").write_bytes(txn.build(replace(stream, operations=kept)))
    state = tmp_path / "state.zip"
    hanging = {"insts": tmp_path / "insts.bin"}
    assert run("--any-pair", f"--state={state}", **hanging) == 1
    told = capsys.readouterr().err
    assert "a hang: nothing starts a transfer at tile (0,0) MM2S 0" in told
    assert "how to read this: npuforge docs hangs\n" in told
    assert f"npuforge state {state}" in told
    assert read(state).told["outcome"] == "hang"
    assert run("--device", "npu", f"--state={state}") == 1
    assert "--state is for the emulator" in capsys.readouterr().err


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
def built(march: Path, tmp_path: Path) -> Path:
    """A build folder whose manifest binds its pair."""
    folder = tmp_path / "built"
    folder.mkdir()
    for name in ("final.xclbin", "insts.bin"):
        shutil.copy(march / "passthrough_memtile" / name, folder)
    bind(folder, folder / "final.xclbin", folder / "insts.bin")
    return folder


def test_a_pair_that_a_manifest_binds_runs(run: Run, built: Path) -> None:
    assert run(xclbin=built / "final.xclbin", insts=built / "insts.bin") == 0


def test_instructions_of_another_design_are_refused_by_the_manifest(
    run: Run, built: Path, march: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = march / "explicit_dma" / "insts.bin"
    assert run(xclbin=built / "final.xclbin", insts=other) == 1
    assert "not built together" in capsys.readouterr().err
    assert run("--any-pair", xclbin=built / "final.xclbin", insts=other) == 0


def test_another_programs_manifest_binds_nothing(run: Run, built: Path, march: Path) -> None:
    (built / "manifest.json").write_text('{"name": "something else"}')
    assert run(xclbin=built / "final.xclbin", insts=march / "explicit_dma" / "insts.bin") == 0


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


@pytest.mark.parametrize("device", ["emulator", "npu"])
def test_what_is_never_written_of_an_output_is_told(
    run: Run,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    device: str,
) -> None:
    """The run is nobody's to judge, and its file looks like a result."""
    fake_pyxrt(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    more = [f"--arg=out:int32:{n}:{tmp_path}/{n}.npy" for n in (4, 5)]
    assert run("--device", device, *more) == 0
    assert "bo2 was never written: its file holds what it held before" in capsys.readouterr().err
    assert run("--device", device) == 0
    assert capsys.readouterr().err == ""


def test_the_part_of_an_output_that_is_never_written_is_told_with_its_place(
    march: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "in.npy", np.zeros(2048, np.int32))
    pair = march / "passthrough_memtile"
    arguments = [f"--xclbin={pair}/final.xclbin", f"--insts={pair}/insts.bin"]
    arguments += [f"--arg=in:{tmp_path}/in.npy", f"--arg=out:int32:2050:{tmp_path}/out.npy"]
    assert main(["exec", *arguments]) == 0
    assert "bo1: 2 of 2050 elements were never written, the first at 2048" in (
        capsys.readouterr().err
    )


def test_what_a_run_has_doubts_about_is_told(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Session, "notes", lambda _: ["lock 3 went over 63"])
    assert run() == 0
    assert capsys.readouterr().err == "warning: lock 3 went over 63\n"


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


def test_bfloat16_goes_through_files_and_the_array_and_back(tmp_path: Path) -> None:
    (tmp_path / "design.mlir").write_text(BFLOAT16)
    compile_design(tmp_path / "design.mlir", tmp_path)
    pair = [f"--xclbin={tmp_path}/final.xclbin", f"--insts={tmp_path}/insts.bin"]
    np.save(tmp_path / "a.npy", np.arange(16, dtype=np.float32) / 2)

    def execute(given: str, result: str) -> int:
        return main(["exec", *pair, f"--arg=in:{given}", f"--arg=out:bfloat16:16:{result}"])

    first, second = tmp_path / "first.npy", tmp_path / "second.npy"
    assert execute(f"{tmp_path}/a.npy", str(first)) == 1, "float32 for a bfloat16 argument"
    assert execute(f"bfloat16:{tmp_path}/a.npy", str(first)) == 0
    assert execute(str(first), str(second)) == 0
    found = np.load(second)
    assert found.dtype == ml_dtypes.bfloat16
    assert found.tolist() == [n / 2 for n in range(16)]


BFLOAT16 = """
aie.device(npu1_1col) {
  %shim = aie.tile(0, 0)
  %mem = aie.tile(0, 1)
  aie.objectfifo @in(%shim, {%mem}, 2 : i32) : !aie.objectfifo<memref<16xbf16>>
  aie.objectfifo @out(%mem, {%shim}, 2 : i32) : !aie.objectfifo<memref<16xbf16>>
  aie.objectfifo.link [@in] -> [@out] ([] [])
  aie.runtime_sequence(%a: memref<16xbf16>, %b: memref<16xbf16>) {
    aiex.npu.dma_memcpy_nd(%b[0, 0, 0, 0][1, 1, 1, 16][0, 0, 0, 1])
      {id = 0 : i64, metadata = @out, issue_token = true} : memref<16xbf16>
    aiex.npu.dma_memcpy_nd(%a[0, 0, 0, 0][1, 1, 1, 16][0, 0, 0, 1])
      {id = 1 : i64, metadata = @in} : memref<16xbf16>
    aiex.npu.dma_wait {symbol = @out}
  }
}
"""


def test_a_manifest_declares_the_buffers(
    run: Run, built: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = json.loads((built / "manifest.json").read_text())
    buffers = [{"name": "x", "direction": "in", "shape": [4096], "dtype": "int16"}]
    manifest["arguments"] = {"declared": True, "buffers": buffers}
    (built / "manifest.json").write_text(json.dumps(manifest))
    pair = {"xclbin": built / "final.xclbin", "insts": built / "insts.bin"}
    assert run(**pair) == 1
    assert "argument 3 (x) is int16[4096] by manifest.json; " in capsys.readouterr().err
    assert run("--any-pair", **pair) == 0

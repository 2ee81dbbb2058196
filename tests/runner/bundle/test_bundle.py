"""A bundle holds all that it takes elsewhere, and nothing in it can be exchanged unnoticed."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from runner import bundle
from runner.__main__ import main
from runner.artifact import Artifact, load
from runner.errors import RunnerError
from runner.expected import Expected
from runner.vectors import default_vectors
from runner.verdicts.criteria import absolute
from tests.project import ROOT, make_project


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """vector_scale/small, built by the pipeline."""
    project = make_project(tmp_path_factory.mktemp("bundle"), "vector_scale")
    done = project.doit("manifest:vector_scale/small")
    assert done.returncode == 0, done.stdout
    return load(project.root / "build/npu1_1col/vector_scale/small")


def _scaled(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {"out": inputs["in"] * np.int32(3)}


def _packed(path: Path, built: Artifact, expected: Expected | None = None) -> Path:
    vectors = list(default_vectors(built.arguments))[:2]
    bundle.write(path, built, vectors, expected or Expected(_scaled), {"commit": "abc"})
    return path


def _repacked(path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    change(contents)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in contents.items():
            archive.writestr(name, data)


def test_a_bundle_is_replayed_and_judged(
    built: Artifact, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _packed(tmp_path / "b.zip", built)
    assert main(["replay", str(path)]) == 0
    said = capsys.readouterr().out
    assert "packed with commit abc" in said
    assert "PASS       vector_scale/small           2 vectors" in said


def test_a_wrong_output_fails_with_its_differences(
    built: Artifact, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _packed(tmp_path / "b.zip", built, Expected(lambda i: {"out": i["in"]}))
    assert main(["replay", str(path), "--mismatches", str(tmp_path / "m")]) == 1
    assert "out: first at 0: expected" in capsys.readouterr().out
    assert (tmp_path / "m/mismatch_random-0.txt").is_file()


def test_the_authors_criterion_goes_along(built: Artifact, tmp_path: Path) -> None:
    off_by_one = Expected(lambda i: {"out": i["in"] * np.int32(3) + np.int32(1)})
    assert main(["replay", str(_packed(tmp_path / "a.zip", built, off_by_one))]) == 1
    tolerant = Expected(off_by_one.reference, {"out": absolute(1)})
    # int32 wraps at the edges of its range; random values do not lie there.
    assert main(["replay", str(_packed(tmp_path / "b.zip", built, tolerant))]) == 0


def test_a_design_that_nothing_judges_is_run_all_the_same(
    built: Artifact, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(_packed(tmp_path / "b.zip", built, Expected()))]) == 0
    assert "not judged" in capsys.readouterr().out


def _run_script(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "softnpu", "run-host", folder / "run.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def _unpacked(path: Path, built: Artifact, expected: Expected | None = None) -> Path:
    with zipfile.ZipFile(_packed(path / "b.zip", built, expected)) as archive:
        archive.extractall(path / "out")
    return path / "out"


def test_the_script_in_it_runs_alone_on_the_emulator(built: Artifact, tmp_path: Path) -> None:
    done = _run_script(_unpacked(tmp_path, built))
    assert done.returncode == 0
    vectors = [vector.name for vector in default_vectors(built.arguments)][:2]
    completed = "ert_cmd_state.ERT_CMD_STATE_COMPLETED"
    wanted = [line for name in vectors for line in (f"{name} {completed}", "  out as expected")]
    assert done.stdout.splitlines() == wanted


def test_the_script_says_which_output_differs_and_fails(built: Artifact, tmp_path: Path) -> None:
    folder = _unpacked(tmp_path, built)
    _flip(folder, "vectors/0/expected_out.bin", known=True)
    done = _run_script(folder)
    assert done.returncode == 1
    assert done.stdout.splitlines()[1::2] == ["  out DIFFERS", "  out as expected"]


def test_the_script_fails_when_a_run_does(built: Artifact, tmp_path: Path) -> None:
    """Nothing is expected of the outputs, so only the state can tell."""
    folder = _unpacked(tmp_path, built, Expected())
    done = _run_script(folder)
    assert done.returncode == 0
    assert "  not judged: the design has no reference" in done.stdout.splitlines()
    _flip(folder, "insts.bin", known=True)
    assert _run_script(folder).returncode == 1


def test_the_script_refuses_a_damaged_file_by_name(built: Artifact, tmp_path: Path) -> None:
    folder = _unpacked(tmp_path, built)
    _flip(folder, "insts.bin", known=False)
    done = _run_script(folder)
    assert done.returncode == 1
    assert done.stderr == "damaged: insts.bin\n"
    assert done.stdout == ""


def _flip(folder: Path, name: str, *, known: bool) -> None:
    """Changes a bit of a bundle's file, and its hash in the index where that is `known`."""
    path, index = folder / name, folder / "bundle.json"
    data = path.read_bytes()
    path.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    if known:
        bundle = json.loads(index.read_text())
        bundle["files"][name] = hashlib.sha256(path.read_bytes()).hexdigest()
        index.write_text(json.dumps(bundle))


def test_the_same_contents_make_the_same_bundle(built: Artifact, tmp_path: Path) -> None:
    first, second = (_packed(tmp_path / name, built) for name in ("a.zip", "b.zip"))
    digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (first, second)}
    assert len(digests) == 1


@pytest.mark.parametrize("name", ["insts.bin", "final.xclbin", "vectors/0/expected_out.bin"])
def test_a_file_that_was_exchanged_is_refused_by_name(
    built: Artifact, tmp_path: Path, name: str
) -> None:
    path = _packed(tmp_path / "b.zip", built)
    _repacked(path, lambda files: files.update({name: files[name][:-1] + b"\x7f"}))
    with pytest.raises(RunnerError, match=rf"{name} is not the file that was packed"):
        bundle.opened(path).__enter__()


def test_a_file_that_is_missing_is_named(built: Artifact, tmp_path: Path) -> None:
    path = _packed(tmp_path / "b.zip", built)
    _repacked(path, lambda files: files.__delitem__("insts.bin"))
    with pytest.raises(RunnerError, match=r"insts\.bin is missing"):
        bundle.opened(path).__enter__()


def test_a_name_that_leads_outside_is_refused(built: Artifact, tmp_path: Path) -> None:
    path = _packed(tmp_path / "b.zip", built)

    def escape(files: dict[str, bytes]) -> None:
        index = json.loads(files["bundle.json"])
        files["../evil"] = b"x"
        index["files"]["../evil"] = hashlib.sha256(b"x").hexdigest()
        files["bundle.json"] = json.dumps(index).encode()

    _repacked(path, escape)
    with pytest.raises(RunnerError, match="would lie outside"):
        bundle.opened(path).__enter__()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"no zip", "is no bundle"),
        (b"", "is no bundle"),
        (b"PK\x05\x06" + bytes(18), "is no bundle"),
    ],
)
def test_what_is_no_bundle_is_said_to_be_none(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "b.zip"
    path.write_bytes(data)
    with pytest.raises(RunnerError, match=words):
        bundle.opened(path).__enter__()


def test_a_damaged_index_is_an_error_not_a_crash(built: Artifact, tmp_path: Path) -> None:
    path = _packed(tmp_path / "b.zip", built)
    _repacked(path, lambda files: files.update({"bundle.json": b'{"version": 1, "files": []}'}))
    with pytest.raises(RunnerError, match=r"bundle\.json in it is damaged"):
        bundle.opened(path).__enter__()


def test_a_missing_bundle_is_an_error_not_a_crash(tmp_path: Path) -> None:
    with pytest.raises(RunnerError, match="cannot be read"):
        bundle.opened(tmp_path / "none.zip").__enter__()


def test_doit_bundle_packs_what_runner_replay_takes(tmp_path: Path) -> None:
    project = make_project(tmp_path, "passthrough")
    done = project.doit("bundle")
    assert done.returncode == 0
    path = "build/bundles/passthrough-default-npu1_1col.zip"
    assert f"bundle    passthrough/default          {path}\n" in done.stdout
    made = project.root / path
    assert main(["replay", str(made)]) == 0
    packed = made.stat().st_mtime_ns
    again = project.doit("bundle").stdout
    assert made.stat().st_mtime_ns == packed, "packed again without a change"
    assert path in again

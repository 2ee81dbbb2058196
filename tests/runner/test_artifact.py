from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runner.artifact import digest, load
from runner.errors import RunnerError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A build folder with a pair and the manifest that binds it."""
    for name in ("final.xclbin", "insts.bin"):
        (tmp_path / name).write_bytes(name.encode())
    write(tmp_path)
    return tmp_path


def write(folder: Path, **changes: Any) -> None:
    buffers = [{"name": "x", "direction": "in", "shape": [2, 3], "dtype": "int16"}]
    manifest = {
        "design": "scale",
        "variant": "small",
        "device": "npu1_1col",
        "core_isa": None,
        "arguments": {"declared": True, "buffers": buffers},
        "artifacts": {n: digest(folder / n) for n in ("final.xclbin", "insts.bin")},
        **changes,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_a_build_folder_describes_its_artifact(folder: Path) -> None:
    artifact = load(folder)
    assert artifact.label == "scale/small"
    assert artifact.arguments[0].bytes == 12


@pytest.mark.parametrize("name", ["final.xclbin", "insts.bin"])
def test_a_file_that_the_manifest_was_not_written_for_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"from another build")
    with pytest.raises(RunnerError, match=f"{name} is not the file that manifest.json"):
        load(folder)


@pytest.mark.parametrize("name", ["final.xclbin", "insts.bin", "manifest.json"])
def test_what_was_not_built_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(RunnerError, match=rf"{name} is missing: build the design first"):
        load(folder)


@pytest.mark.parametrize("changes", [{"artifacts": None}, {"arguments": []}, {"artifacts": {}}])
def test_a_manifest_of_another_version_asks_to_build_again(
    folder: Path, changes: dict[str, Any]
) -> None:
    write(folder, **changes)
    with pytest.raises(RunnerError, match="no manifest of this version"):
        load(folder)

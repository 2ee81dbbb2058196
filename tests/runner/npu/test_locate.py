from __future__ import annotations

import sys
from pathlib import Path

import pytest

from runner.errors import RunnerError
from runner.npu.locate import find, this_python
from softnpu.environment import made_with

TAG = f"cpython-{sys.version_info.major}{sys.version_info.minor}"
OTHER = "cpython-39"


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def built_for(tag: str) -> str:
    return f"pyxrt.{tag}-x86_64-linux-gnu.so"


def test_the_folder_that_xilinx_xrt_names_comes_before_the_usual_ones(tmp_path: Path) -> None:
    named = put(tmp_path / "mine" / "python" / built_for(TAG))
    put(tmp_path / "opt/xilinx/xrt/python" / built_for(TAG))
    assert find({"XILINX_XRT": str(tmp_path / "mine")}, tmp_path, []).path == named


@pytest.mark.parametrize(
    "place",
    [
        "opt/xilinx/xrt/python",
        "usr/lib/python3/dist-packages",
        f"usr/lib64/python{this_python()}/site-packages",
    ],
)
def test_pyxrt_is_found_wherever_packages_put_it(tmp_path: Path, place: str) -> None:
    module = put(tmp_path / place / built_for(TAG))
    assert find({}, tmp_path, []).path == module


def test_xrts_own_installation_brings_its_libraries_along(tmp_path: Path) -> None:
    home = tmp_path / "opt/xilinx/xrt"
    put(home / "python" / built_for(TAG))
    (home / "lib").mkdir()
    environment = find({"LD_LIBRARY_PATH": "/else"}, tmp_path, []).environment
    assert environment == {"XILINX_XRT": str(home), "LD_LIBRARY_PATH": f"{home}/lib:/else"}


def test_a_pyxrt_for_another_python_is_passed_over_for_one_that_fits(tmp_path: Path) -> None:
    put(tmp_path / "opt/xilinx/xrt/python" / built_for(OTHER))
    fits = put(tmp_path / "usr/lib/python3/dist-packages" / built_for(TAG))
    assert find({}, tmp_path, []).path == fits


def test_a_pyxrt_for_other_pythons_only_is_explained_with_the_way_out(tmp_path: Path) -> None:
    put(tmp_path / "usr/lib/python3.9/dist-packages" / built_for(OTHER))
    with pytest.raises(RunnerError) as failure:
        find({}, tmp_path, [])
    told = str(failure.value)
    assert f"not for this Python ({this_python()}" in told
    assert "is for Python 3.9" in told
    assert made_with("python3.9") in told


def test_without_any_the_places_that_were_looked_into_are_told(tmp_path: Path) -> None:
    with pytest.raises(RunnerError) as failure:
        find({"XILINX_XRT": "/nowhere/xrt"}, tmp_path, [])
    told = str(failure.value)
    assert "XILINX_XRT is /nowhere/xrt" in told
    assert str(tmp_path / "opt/xilinx/xrt/python") in told

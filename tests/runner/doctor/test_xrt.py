from __future__ import annotations

import json

import pytest

from runner.doctor import Status
from runner.errors import RunnerError
from runner.npu.locate import Found
from tests.runner.doctor.machines import LIBRARIES, PYXRT, Machine


def test_a_machine_without_xrt_is_told_what_to_install(laptop: Machine) -> None:
    laptop.remove(f"{LIBRARIES}/libxrt_*")
    assert laptop.check("XRT").status is Status.FAILED
    assert "libxrt-npu2" in laptop.check("XRT").hint
    assert laptop.check("XRT plugin").status is Status.UNSEEN


def test_an_xrt_without_the_npu_plugin_sees_no_npu(laptop: Machine) -> None:
    laptop.remove(f"{LIBRARIES}/libxrt_driver_*")
    found = laptop.check("XRT plugin")
    assert found.status is Status.FAILED and "XRT sees no NPU" in found.detail


def test_a_plugin_of_another_version_is_told_with_both(laptop: Machine) -> None:
    laptop.remove(f"{LIBRARIES}/libxrt_driver_*")
    laptop.put(f"{LIBRARIES}/libxrt_driver_xdna.so.2.19.0")
    found = laptop.check("XRT plugin")
    assert found.status is Status.FAILED
    assert "plugin is of version 2.19.0, XRT of 2.21.75" in found.detail


def test_a_plugin_in_another_folder_than_xrt_is_found_and_told(laptop: Machine) -> None:
    laptop.remove(f"{LIBRARIES}/libxrt_driver_*")
    laptop.put("opt/xilinx/xrt/lib/libxrt_driver_xdna.so.2.21.75")
    assert "there is one in" in laptop.check("XRT plugin").detail


def test_a_driver_that_was_built_with_another_xrt_is_a_warning(laptop: Machine) -> None:
    laptop.put("sys/module/amdxdna/version", "2.18.0_20240712,b6db49f792a4\n")
    found = laptop.check("XRT plugin")
    assert found.status is Status.WARNING
    assert "built with 2.18.0_20240712" in found.detail


def test_the_kernels_own_driver_has_a_version_of_its_own_and_fits(laptop: Machine) -> None:
    laptop.put("sys/module/amdxdna/version", "0.1\n")
    assert laptop.check("XRT plugin").status is Status.OK


def second_xrt(laptop: Machine, version: str) -> None:
    laptop.put("opt/xilinx/xrt/lib/libxrt_coreutil.so.2")
    laptop.put("opt/xilinx/xrt/version.json", json.dumps({"BUILD_VERSION": version}))


def test_two_xrts_of_different_versions_are_a_warning(laptop: Machine) -> None:
    second_xrt(laptop, "2.18.0")
    found = laptop.check("XRT")
    assert found.status is Status.WARNING and "2.18.0" in found.detail and "2.21.75" in found.detail


def test_the_version_file_of_xrts_own_packages_is_read(laptop: Machine) -> None:
    second_xrt(laptop, "2.21.99")
    assert "2.21.99" in laptop.check("XRT").detail


def test_a_damaged_version_file_does_not_stop_the_doctor(laptop: Machine) -> None:
    second_xrt(laptop, "")
    laptop.put("opt/xilinx/xrt/version.json", "{")
    assert laptop.check("XRT").status in (Status.OK, Status.WARNING)


def test_a_pyxrt_for_another_python_is_told_with_the_way_out(laptop: Machine) -> None:
    laptop.remove(PYXRT)
    laptop.put("usr/lib/python3/dist-packages/pyxrt.cpython-39-x86_64-linux-gnu.so")
    found = laptop.check("pyxrt")
    assert found.status is Status.FAILED
    assert "is for Python 3.9" in found.detail and "NPUFORGE_PYTHON=python3.9" in found.hint


def test_a_missing_pyxrt_is_told(laptop: Machine) -> None:
    laptop.remove(PYXRT)
    assert laptop.check("pyxrt").status is Status.FAILED


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        (
            "No such device\n  means: XRT sees no NPU\n  do: npuforge doctor tells which",
            "npuforge doctor",
        ),
        ("something new", "see the checks before this one"),
    ],
)
def test_a_pyxrt_that_sees_no_npu_is_told_in_plain_words(
    laptop: Machine, message: str, hint: str
) -> None:
    def probe(found: Found) -> str:
        raise RunnerError(message)

    laptop.change(probe=probe)
    found = laptop.check("pyxrt")
    assert found.status is Status.FAILED
    assert message.splitlines()[0] in found.detail and hint in found.hint

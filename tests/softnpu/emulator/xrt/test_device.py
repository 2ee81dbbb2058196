"""Devices, xclbins and contexts: what can be had, and how it fails."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pytest

from softnpu import pyxrt
from softnpu.compiler.driver import compile_design
from softnpu.formats.xclbin import SectionKind
from tests.softnpu.emulator.xrt.host import Host, without_section


def test_load_xclbin_does_not_work_on_npus(host: Host) -> None:
    with (
        pytest.warns(DeprecationWarning),
        pytest.raises(RuntimeError, match="load_axlf: Operation not supported"),
    ):
        host.device.load_xclbin(str(host.folder / "final.xclbin"))


def test_a_seventh_context_fails_until_one_is_gone(host: Host) -> None:
    uuid = host.context.get_xclbin_uuid()
    more = [pyxrt.hw_context(host.device, uuid) for _ in range(5)]
    with pytest.raises(RuntimeError, match=r"CREATE_HWCTX IOCTL failed \(err=-22\): Invalid"):
        pyxrt.hw_context(host.device, uuid)
    more.pop()
    gc.collect()
    pyxrt.hw_context(host.device, uuid)


@pytest.mark.parametrize(("model", "told"), [("npu1", "Phoenix"), ("npu2", "Strix")])
def test_the_device_goes_by_a_name_that_hosts_know(host: Host, model: str, told: str) -> None:
    """mlir-aie's host runtime stops with "Unknown device type" at others."""
    pyxrt.configure(device=model)
    assert told in host.device.get_info(pyxrt.xrt_info_device.name)


def test_npu2_has_sixteen_contexts(host: Host) -> None:
    pyxrt.configure(device="npu2")
    uuid = host.context.get_xclbin_uuid()
    more = [pyxrt.hw_context(host.device, uuid) for _ in range(15)]
    with pytest.raises(RuntimeError, match="CREATE_HWCTX"):
        pyxrt.hw_context(host.device, uuid)
    assert len(more) == 15


def test_a_uuid_is_written_with_hyphens(host: Host) -> None:
    assert [len(part) for part in host.context.get_xclbin_uuid().to_string().split("-")] == [
        8, 4, 4, 4, 12,
    ]  # fmt: skip


def test_a_context_needs_a_registered_xclbin(host: Host) -> None:
    with pytest.raises(RuntimeError, match="No xclbin registered"):
        pyxrt.hw_context(host.device, pyxrt.uuid("00"))


def test_a_missing_or_damaged_xclbin_is_a_runtime_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="not found"):
        pyxrt.xclbin(str(tmp_path / "none.xclbin"))
    (tmp_path / "bad.xclbin").write_bytes(b"not an xclbin")
    with pytest.raises(RuntimeError, match=r"bad\.xclbin"):
        pyxrt.xclbin(str(tmp_path / "bad.xclbin"))


@pytest.mark.parametrize("kind", [SectionKind.AIE_PARTITION, SectionKind.EMBEDDED_METADATA])
def test_an_xclbin_without_kernels_or_pdis_says_which_section_is_missing(
    host: Host, tmp_path: Path, kind: SectionKind
) -> None:
    """The driver finds no kernel that it has a PDI for, as soon as a context is made."""
    path = without_section(host.folder / "final.xclbin", kind, tmp_path / "x.xclbin")
    with pytest.raises(RuntimeError, match=r"No valid DPU kernel found in xclbin \(err=22\)") as e:
        pyxrt.hw_context(host.device, path)
    assert f"no {kind.name} section" in str(e.value)


def test_a_context_is_made_from_uuid_xclbin_or_path_with_keywords(host: Host) -> None:
    path = str(host.folder / "final.xclbin")
    image, device = pyxrt.xclbin(path), pyxrt.device(index=0)
    uuid = device.register_xclbin(xclbin=image)
    made = [
        pyxrt.hw_context(device=device, uuid=uuid, mode=pyxrt.hw_context.exclusive),
        pyxrt.hw_context(device, image, {"priority": 1}),
        pyxrt.hw_context(device=device, xclbin_path=path),
    ]
    assert [c.get_mode() for c in made] == [
        pyxrt.hw_context.exclusive,
        pyxrt.hw_context.shared,
        pyxrt.hw_context.shared,
    ]
    assert {c.get_xclbin_uuid().to_string() for c in made} == {uuid.to_string()}


def test_only_the_first_device_exists() -> None:
    assert pyxrt.device("0").get_xclbin_uuid().to_string() == "0" * 8 + "-0000" * 3 + "-" + "0" * 12
    with pytest.raises(RuntimeError, match="No such device with index '1'"):
        pyxrt.device(1)


@pytest.mark.parametrize(
    ("use", "what"),
    [
        (lambda: pyxrt.device().get_xclbin_uuid(), "this device is empty"),
        (lambda: pyxrt.bo(pyxrt.device(), 64, pyxrt.bo.host_only, 0), "this device is empty"),
        (lambda: pyxrt.xclbin().get_uuid(), "this xclbin is empty"),
        (lambda: pyxrt.hw_context().get_device(), "this hw_context is empty"),
        (lambda: pyxrt.run().start(), "this run is empty"),
        (
            lambda: pyxrt.runlist().add(pyxrt.run()),
            "cannot add run object to uninitialized runlist",
        ),
    ],
)
def test_an_empty_handle_says_how_to_make_a_full_one(use: Any, what: str) -> None:
    with pytest.raises(RuntimeError, match=what):
        use()


@pytest.fixture
def eight_columns(tmp_path: Path) -> pyxrt.xclbin:
    """A design for all columns of npu2."""
    text = """aie.device(npu2) {
      %shim = aie.tile(0, 0)
      aie.runtime_sequence(%a: memref<16xi32>) {
        aiex.npu.maskwrite32 {address = 0x1D000 : ui32, mask = 0 : ui32, value = 0 : ui32}
      }
    }"""
    (tmp_path / "design.mlir").write_text(text)
    compile_design(tmp_path / "design.mlir", tmp_path)
    return pyxrt.xclbin(str(tmp_path / "final.xclbin"))


def test_more_columns_than_the_device_has_are_enospc(
    eight_columns: pyxrt.xclbin, caplog: pytest.LogCaptureFixture
) -> None:
    pyxrt.configure(device="npu1")
    with pytest.raises(RuntimeError, match=r"CREATE_HWCTX IOCTL failed \(err=-28\): No space left"):
        pyxrt.hw_context(pyxrt.device(0), eight_columns)
    assert "the xclbin needs 8 columns, NPU Phoenix has 4" in caplog.text
    pyxrt.configure(device="npu2")
    pyxrt.hw_context(pyxrt.device(0), eight_columns)


def test_the_device_is_one_that_its_xclbins_fit(
    eight_columns: pyxrt.xclbin,
) -> None:
    device = pyxrt.device(0)
    assert device.get_info(pyxrt.xrt_info_device.name) == "NPU Phoenix"
    device.register_xclbin(eight_columns)
    assert device.get_info(pyxrt.xrt_info_device.name) == "NPU Strix"


def test_a_device_tells_what_npus_tell(host: Host) -> None:
    key = pyxrt.xrt_info_device
    assert [host.device.get_info(k) for k in (key.bdf, key.kdma, key.m2m)] == [
        "0000:00:00.0",
        "0",
        "0",
    ]
    with pytest.raises(RuntimeError, match="No such query request"):
        host.device.get_info(key.nodma)
    with pytest.raises(RuntimeError, match=r"nothing to tell as xrt_info_device\.thermal"):
        host.device.get_info(key.thermal)
    with pytest.raises(TypeError, match="'name' is no key"):
        host.device.get_info("name")  # type: ignore[arg-type]

"""Devices, xclbins and contexts: what can be had, and how it fails."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from softnpu import pyxrt
from softnpu.formats.xclbin import SectionKind
from tests.softnpu.emulator.xrt.host import (
    ERROR,
    IN,
    OUT,
    Host,
    without_section,
)


def test_load_xclbin_does_not_work_on_npus(host: Host) -> None:
    with (
        pytest.warns(DeprecationWarning),
        pytest.raises(RuntimeError, match="load_axlf: Operation not supported"),
    ):
        host.device.load_xclbin(str(host.folder / "final.xclbin"))


def test_a_seventh_context_fails_until_one_is_gone(host: Host) -> None:
    uuid = host.context.get_xclbin_uuid()
    more = [pyxrt.hw_context(host.device, uuid) for _ in range(5)]
    with pytest.raises(RuntimeError, match=r"CREATE_HWCTX IOCTL failed \(err=-2\)"):
        pyxrt.hw_context(host.device, uuid)
    more.pop()
    gc.collect()
    pyxrt.hw_context(host.device, uuid)


@pytest.mark.parametrize(("model", "told"), [("npu1", "Phoenix"), ("npu2", "Strix")])
def test_the_device_goes_by_a_name_that_hosts_know(host: Host, model: str, told: str) -> None:
    """mlir-aie's host runtime stops with "Unknown device type" at others."""
    pyxrt.configure(device=model)
    try:
        assert told in host.device.get_info(pyxrt.xrt_info_device.name)
    finally:
        pyxrt.configure()


def test_npu2_has_more_contexts(host: Host) -> None:
    pyxrt.configure(device="npu2")
    try:
        uuid = host.context.get_xclbin_uuid()
        more = [pyxrt.hw_context(host.device, uuid) for _ in range(31)]
        with pytest.raises(RuntimeError, match="CREATE_HWCTX"):
            pyxrt.hw_context(host.device, uuid)
        assert len(more) == 31
    finally:
        pyxrt.configure()


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


def test_an_xclbin_without_a_partition_is_an_error_when_it_runs(host: Host, tmp_path: Path) -> None:
    path = without_section(
        host.folder / "final.xclbin", SectionKind.AIE_PARTITION, tmp_path / "x.xclbin"
    )
    kernel = pyxrt.kernel(pyxrt.hw_context(host.device, path), "MLIR_AIE")
    run = kernel(3, host.instructions(), 0, host.buffer(IN), host.buffer(OUT))
    assert run.wait() == ERROR
    assert "AIE_PARTITION" in run.explanation()

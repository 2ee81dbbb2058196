"""Every name that XRT's binding has is there, and does what an NPU does with it, or says why not.

Source: XRT, src/python/pybind11/src/pyxrt.cpp.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

from softnpu import pyxrt
from softnpu.compiler.driver import compile_design
from softnpu.emulator.xrt.machine import machine
from softnpu.formats.xclbin import SectionKind
from tests.softnpu.emulator.xrt.host import COMPLETED, DATA, IN, OUT, Host, without_section

ENUMS = {
    "xclBOSyncDirection": "XCL_BO_SYNC_BO_TO_DEVICE XCL_BO_SYNC_BO_FROM_DEVICE "
    "XCL_BO_SYNC_BO_GMIO_TO_AIE XCL_BO_SYNC_BO_AIE_TO_GMIO",
    "ert_cmd_state": "ERT_CMD_STATE_NEW ERT_CMD_STATE_QUEUED ERT_CMD_STATE_COMPLETED "
    "ERT_CMD_STATE_ERROR ERT_CMD_STATE_ABORT ERT_CMD_STATE_SUBMITTED ERT_CMD_STATE_TIMEOUT "
    "ERT_CMD_STATE_NORESPONSE ERT_CMD_STATE_SKERROR ERT_CMD_STATE_SKCRASHED",
    "xrt_info_device": "bdf interface_uuid kdma max_clock_frequency_mhz m2m name nodma offline "
    "electrical thermal mechanical memory platform pcie_info host dynamic_regions vmr",
    "xrt_msg_level": "emergency alert critical error warning notice info debug",
    "hw_context.access_mode": "exclusive shared",
    "kernel.cu_access_mode": "exclusive shared none",
    "bo.flags": "normal cacheable device_only host_only p2p svm",
    "ext.access_mode": "none read write read_write local shared process hybrid",
    "graph.access_mode": "exclusive primary shared",
}
EXPORTED = {
    "xrt_msg_level": "",
    "hw_context.access_mode": "hw_context",
    "kernel.cu_access_mode": "kernel",
    "bo.flags": "bo",
    "ext.access_mode": "ext",
    "graph.access_mode": "graph",
}
"""Enumerations whose values stand beside them, too."""

MEMBERS = {
    "": "XCL_BO_FLAGS_NONE enumerate_devices log_message xclbinip_vector xclbinkernel_vector "
    "xclbinmem_vector ext aie",
    "uuid": "to_string",
    "hw_context": "add_config get_device get_xclbin_uuid get_xclbin get_mode",
    "device": "register_xclbin load_xclbin get_xclbin_uuid get_info",
    "run": "start set_arg wait wait2 state add_callback get_ctrl_scratchpad_bo",
    "kernel": "__call__ group_id",
    "bo": "write read sync map size address",
    "xclbin": "get_kernels get_xsa_name get_uuid get_mems get_axlf",
    "xclbin.xclbinip": "get_name",
    "xclbin.xclbinkernel": "get_name get_num_args",
    "xclbin.xclbinmem": "get_tag get_base_address get_size_kb get_used get_index",
    "elf": "",
    "program": "get_partition_size",
    "module": "get_hw_context",
    "ext.bo": "write read sync map size address",
    "ext.kernel": "__call__ group_id",
    "runlist": "add execute wait",
    "graph": "reset get_timestamp gmio_bank_id run wait suspend resume end update read",
    "aie.bo": "write read sync map size address",
}
"""Class, "" for the module -> methods and attributes."""


def look_up(name: str) -> Any:
    return reduce(getattr, filter(None, name.split(".")), pyxrt)


@pytest.mark.parametrize("name", ENUMS)
def test_every_enumeration_has_its_values(name: str) -> None:
    values = [getattr(look_up(name), value) for value in ENUMS[name].split()]
    assert len({str(value) for value in values}) == len(set(values))


@pytest.mark.parametrize("name", EXPORTED)
def test_exported_values_stand_beside_their_enumeration(name: str) -> None:
    for value in ENUMS[name].split():
        assert getattr(look_up(EXPORTED[name]), value) is getattr(look_up(name), value)


@pytest.mark.parametrize("name", MEMBERS)
def test_every_class_has_its_methods(name: str) -> None:
    missing = [m for m in MEMBERS[name].split() if not hasattr(look_up(name), m)]
    assert not missing
    if name:
        assert inspect.isclass(look_up(name))


@pytest.fixture
def other_model() -> Iterator[None]:
    yield
    pyxrt.configure()


# contexts and devices


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
    assert all(c.get_xclbin_uuid() == uuid for c in made)


def test_arguments_that_fit_no_form_are_answered_with_all_forms(host: Host) -> None:
    with pytest.raises(TypeError, match=r"2\. pyxrt\.bo\(hwctx: pyxrt\.hw_context, size: int"):
        pyxrt.bo(host.device, 64, 0, 65536)
    with pytest.raises(TypeError, match="incompatible constructor arguments"):
        pyxrt.bo(host.device, 64, flags=pyxrt.bo.host_only)


def test_a_path_object_is_no_file_name(host: Host) -> None:
    with pytest.raises(TypeError, match=r"pyxrt\.xclbin\(arg0: str\)"):
        pyxrt.xclbin(Path(host.folder) / "final.xclbin")


def test_only_the_first_device_exists() -> None:
    assert pyxrt.device("0").get_xclbin_uuid().to_string() == "0" * 8 + "-0000" * 3 + "-" + "0" * 12
    with pytest.raises(RuntimeError, match="No such device with index '1'"):
        pyxrt.device(1)


@pytest.mark.parametrize(
    ("use", "what"),
    [
        (lambda: pyxrt.xclbin().get_uuid(), "this xclbin is empty"),
        (lambda: pyxrt.hw_context().get_device(), "this hw_context is empty"),
        (lambda: pyxrt.run().start(), "this run is empty"),
        (lambda: pyxrt.runlist().add(pyxrt.run()), "this runlist is empty"),
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
    other_model: None, eight_columns: pyxrt.xclbin, caplog: pytest.LogCaptureFixture
) -> None:
    pyxrt.configure(device="npu1")
    with pytest.raises(RuntimeError, match=r"CREATE_HWCTX IOCTL failed \(err=-28\): No space left"):
        pyxrt.hw_context(pyxrt.device(0), eight_columns)
    assert "the xclbin needs 8 columns, NPU Phoenix has 4" in caplog.text
    pyxrt.configure(device="npu2")
    pyxrt.hw_context(pyxrt.device(0), eight_columns)


def test_the_device_is_one_that_its_xclbins_fit(
    eight_columns: pyxrt.xclbin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine(), "xclbins", {})
    device = pyxrt.device(0)
    assert device.get_info(pyxrt.xrt_info_device.name) == "NPU Phoenix"
    device.register_xclbin(eight_columns)
    assert device.get_info(pyxrt.xrt_info_device.name) == "NPU Strix"


# xclbins and kernels


def test_an_xclbin_tells_its_kernels_and_memories(host: Host) -> None:
    image = host.context.get_xclbin()
    (kernel,) = image.get_kernels()
    assert isinstance(image.get_kernels(), pyxrt.xclbinkernel_vector)
    assert (kernel.get_name(), kernel.get_num_args()) == ("MLIR_AIE", 8)
    memories = image.get_mems()
    assert [m.get_index() for m in memories] == list(range(len(memories)))
    assert "HOST" in {m.get_tag() for m in memories if m.get_used()}
    assert all(m.get_size_kb() > 0 for m in memories if m.get_used())
    with pytest.raises(TypeError, match="axlf"):
        image.get_axlf()


def test_memories_need_their_section(host: Host, tmp_path: Path) -> None:
    artifact = host.folder / "final.xclbin"
    path = without_section(artifact, SectionKind.MEM_TOPOLOGY, tmp_path / "final.xclbin")
    with pytest.raises(Exception, match="MEM_TOPOLOGY"):
        pyxrt.xclbin(path).get_mems()


def test_the_deprecated_kernel_makes_a_context_of_its_own(host: Host) -> None:
    uuid = host.context.get_xclbin_uuid()
    mode = pyxrt.kernel.exclusive
    with pytest.warns(DeprecationWarning, match=r"use kernel\(hw_context, name\)"):
        kernel = pyxrt.kernel(device=host.device, uuid=uuid, name="MLIR_AIE", mode=mode)
    assert kernel.context is not host.context
    assert kernel.context.get_mode() == pyxrt.hw_context.exclusive
    out = host.buffer(OUT)
    assert kernel(3, host.instructions(), 0, host.buffer(IN, DATA), out).wait() == COMPLETED
    assert (host.out(out) == DATA).all()


# runs


def test_a_callback_cannot_be_had_on_npus(host: Host) -> None:
    run = pyxrt.run(host.kernel)
    run.add_callback(COMPLETED, print, "mine")
    with pytest.raises(RuntimeError, match="Managed execution is not supported for this device"):
        run.start()


def test_no_timeout_can_be_given_to_wait2(host: Host) -> None:
    run = host.kernel(3, host.instructions(), 0, host.buffer(IN, DATA), host.buffer(OUT))
    with pytest.raises(TypeError, match=r"run\.wait\(timeout_ms\) takes an int"):
        run.wait2(1000)
    run.wait2()
    assert run.state() == COMPLETED


def test_there_is_no_scratchpad_without_a_module(host: Host) -> None:
    with pytest.raises(RuntimeError, match="No module associated with run object"):
        pyxrt.run(host.kernel).get_ctrl_scratchpad_bo()


# what there is of ext, and what there is not


def test_a_buffer_of_ext_is_in_the_hosts_memory(host: Host) -> None:
    access = pyxrt.ext.access_mode.read_write | pyxrt.ext.shared
    given = pyxrt.ext.bo(device=host.device, size=DATA.nbytes, access=access)
    given.write(DATA, 0)
    given.sync(pyxrt.xclBOSyncDirection.XCL_BO_SYNC_BO_TO_DEVICE)
    out = pyxrt.ext.bo(host.context, DATA.nbytes)
    assert isinstance(out, pyxrt.bo)
    assert host.kernel(3, host.instructions(), 0, given, out).wait() == COMPLETED
    assert (host.out(out) == DATA).all()


def test_what_the_emulator_lacks_says_so(host: Host, tmp_path: Path) -> None:
    context, device = host.context, host.device
    refused: dict[str, list[Any]] = {
        "ELF configurations": [
            lambda: pyxrt.elf(str(tmp_path / "design.elf")),
            lambda: pyxrt.ext.kernel(context, "MLIR_AIE"),
            lambda: pyxrt.hw_context(device, {"priority": 1}, pyxrt.hw_context.shared),
        ],
        "graphs and GMIO": [
            lambda: pyxrt.graph(context, "g", pyxrt.graph.primary),
            lambda: pyxrt.aie.bo(device, 64, pyxrt.bo.host_only, 65536).sync(
                "port", pyxrt.xclBOSyncDirection.XCL_BO_SYNC_BO_GMIO_TO_AIE
            ),
        ],
        "program or another process": [lambda: pyxrt.ext.bo(device, pid=1, export_handle=2)],
    }
    for what, uses in refused.items():
        for use in uses:
            with pytest.raises(RuntimeError, match=what):
                use()


def test_messages_have_levels(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", logger="softnpu.pyxrt"):
        pyxrt.log_message(pyxrt.warning, "host", "half of the buffer is empty")
    assert caplog.records[-1].levelname == "WARNING"
    with pytest.raises(TypeError, match="'warning' is no level"):
        pyxrt.log_message("warning", "host", "text")  # type: ignore[arg-type]

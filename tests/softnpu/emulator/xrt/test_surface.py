"""Every name that XRT's binding has is there, with the same arguments.

Source: XRT, src/python/pybind11/src/pyxrt.cpp.
"""

from __future__ import annotations

import inspect
import re
from functools import reduce
from typing import Any

import pytest

from softnpu import pyxrt

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

NONE = ("",)
BUFFER = {
    "write": ("arg0 arg1",),
    "read": ("arg0 arg1",),
    "sync": ("arg0 arg1 arg2", "arg0"),
    "map": NONE,
    "size": NONE,
    "address": NONE,
}
SOURCES = ("uuid", "xclbin", "xclbin_path")

FORMS: dict[str, dict[str, tuple[str, ...]]] = {
    "": {"enumerate_devices": NONE, "log_message": ("arg0 arg1 arg2",)},
    "uuid": {"": ("arg0",), "to_string": NONE},
    "hw_context": {
        "": (
            "",
            *(f"device {image}{more}" for image in SOURCES for more in ("", " mode", " cfg_param")),
            "device cfg_param mode",
            "device elf",
            "device elf cfg_param mode",
        ),
        "add_config": ("elf",),
        "get_device": NONE,
        "get_xclbin_uuid": NONE,
        "get_xclbin": NONE,
        "get_mode": NONE,
    },
    "device": {
        "": ("", "index", "bdf"),
        "register_xclbin": ("xclbin",),
        "load_xclbin": ("xclbin_path", "xclbin"),
        "get_xclbin_uuid": NONE,
        "get_info": ("arg0",),
    },
    "run": {
        "": ("", "arg0"),
        "start": NONE,
        "set_arg": ("arg0 arg1",),
        "wait": ("", "arg0"),
        "wait2": ("", "arg0"),
        "state": NONE,
        "add_callback": ("arg0 arg1 arg2",),
        "get_ctrl_scratchpad_bo": NONE,
    },
    "kernel": {
        "": ("device uuid name mode", "device uuid name", "hw_context name"),
        "group_id": ("arg0",),
    },
    "bo": {
        "": (
            "device size flags group",
            "hwctx size flags group",
            "hwctx size group",
            "arg0 arg1 arg2",
        ),
        **BUFFER,
    },
    "xclbin": {
        "": ("", "arg0"),
        "get_kernels": NONE,
        "get_xsa_name": NONE,
        "get_uuid": NONE,
        "get_mems": NONE,
        "get_axlf": NONE,
    },
    "xclbin.xclbinip": {"": NONE, "get_name": NONE},
    "xclbin.xclbinkernel": {"": NONE, "get_name": NONE, "get_num_args": NONE},
    "xclbin.xclbinmem": {
        "": NONE,
        "get_tag": NONE,
        "get_base_address": NONE,
        "get_size_kb": NONE,
        "get_used": NONE,
        "get_index": NONE,
    },
    "elf": {"": ("arg0", "arg0 arg1")},
    "program": {"": ("arg0",), "get_partition_size": NONE},
    "module": {"": ("elf",), "get_hw_context": NONE},
    "ext.bo": {
        "": (
            "device userptr size access",
            "device userptr size",
            "device size access",
            "device size",
            "device pid export_handle",
            "hwctx size access",
            "hwctx size",
            "hwctx pid export_handle",
        ),
        **BUFFER,
    },
    "ext.kernel": {"": ("hwctx module name", "hwctx name"), "group_id": ("arg0",)},
    "runlist": {"": ("", "hwctx"), "add": ("run",), "execute": NONE, "wait": ("", "timeout")},
    "graph": {
        "": ("ctx name", "ctx name mode"),
        "reset": NONE,
        "get_timestamp": NONE,
        "gmio_bank_id": ("gmio_name",),
        "run": ("iterations=0",),
        "wait": ("cycles=0",),
        "suspend": NONE,
        "resume": NONE,
        "end": ("cycles=0",),
        "update": ("port_name data",),
        "read": ("port_name size",),
    },
    "aie.bo": {
        "": ("device size flags group", "ctx size flags group", "ctx size group"),
        **BUFFER,
        "sync": ("port direction size offset", "port direction"),
    },
}
"""Class, "" for the module -> method, "" for the constructor -> arguments of each form.

What is called argN has no name: it cannot be given as a keyword. Forms that differ in types only
count as one; so do a form that copies an xclbin from a C pointer and graph.wait with a timeout,
which take nothing that Python has.
"""

LISTED = re.compile(r"^    \d+\. [\w.]+\((.*)\)$", re.MULTILINE)


def look_up(*names: str) -> Any:
    return reduce(getattr, filter(None, ".".join(names).split(".")), pyxrt)


def forms_of(what: Any, is_method: bool) -> tuple[str, ...]:
    """The forms that an error message lists, or else the only one that Python knows of."""
    with pytest.raises(TypeError) as error:
        what(*([None] if is_method else []), there_is_none=0)
    listed = LISTED.findall(str(error.value))
    if listed:
        return tuple(" ".join(re.findall(r"(\w+): ", form)) for form in listed)
    parameters = list(inspect.signature(what).parameters.values())[is_method:]
    return (" ".join(map(spelled, range(len(parameters)), parameters)),)


def spelled(index: int, parameter: inspect.Parameter) -> str:
    if parameter.kind is parameter.POSITIONAL_ONLY:
        return f"arg{index}"
    default = "" if parameter.default is parameter.empty else f"={parameter.default}"
    return parameter.name + default


@pytest.mark.parametrize("name", ENUMS)
def test_every_enumeration_has_its_values(name: str) -> None:
    values = [getattr(look_up(name), value) for value in ENUMS[name].split()]
    assert len({str(value) for value in values}) == len(set(values))


@pytest.mark.parametrize("name", EXPORTED)
def test_exported_values_stand_beside_their_enumeration(name: str) -> None:
    for value in ENUMS[name].split():
        assert getattr(look_up(EXPORTED[name]), value) is getattr(look_up(name), value)


@pytest.mark.parametrize(
    ("owner", "name"), [(owner, name) for owner, methods in FORMS.items() for name in methods]
)
def test_everything_takes_what_the_binding_takes(owner: str, name: str) -> None:
    what = look_up(owner, name)
    assert inspect.isclass(what) == (not name)
    found = forms_of(what, is_method=bool(owner and name))
    assert sorted(found) == sorted(FORMS[owner][name])


@pytest.mark.parametrize("name", ["xclbinip_vector", "xclbinkernel_vector", "xclbinmem_vector"])
def test_vectors_are_filled_and_read_like_lists(name: str) -> None:
    vector = look_up(name)([1, 2])
    vector.append(3)
    assert (len(vector), vector[2], list(vector[:2])) == (3, 3, [1, 2])


def test_there_is_a_flag_for_no_flags() -> None:
    assert pyxrt.XCL_BO_FLAGS_NONE == 0

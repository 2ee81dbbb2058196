# ruff: noqa: N801 (the names are XRT's)
"""XRT's enumerations (src/python/pybind11/src/pyxrt.cpp)."""

from __future__ import annotations

from enum import Enum

XCL_BO_FLAGS_NONE = 0


class PybindEnum(Enum):
    """An enumeration as pybind11 makes it: its values can be taken for ints."""

    def __int__(self) -> int:
        return int(self.value)

    __index__ = __int__


class xclBOSyncDirection(PybindEnum):
    """Which copy of a buffer is brought up to date."""

    XCL_BO_SYNC_BO_TO_DEVICE = 0
    XCL_BO_SYNC_BO_FROM_DEVICE = 1
    XCL_BO_SYNC_BO_GMIO_TO_AIE = 2
    XCL_BO_SYNC_BO_AIE_TO_GMIO = 3


class ert_cmd_state(PybindEnum):
    """The state of a run."""

    ERT_CMD_STATE_NEW = 1
    ERT_CMD_STATE_QUEUED = 2
    ERT_CMD_STATE_COMPLETED = 4
    ERT_CMD_STATE_ERROR = 5
    ERT_CMD_STATE_ABORT = 6
    ERT_CMD_STATE_SUBMITTED = 7
    ERT_CMD_STATE_TIMEOUT = 8
    ERT_CMD_STATE_NORESPONSE = 9
    ERT_CMD_STATE_SKERROR = 10
    ERT_CMD_STATE_SKCRASHED = 11


class xrt_msg_level(PybindEnum):
    """How much a log message matters."""

    emergency = 0
    alert = 1
    critical = 2
    error = 3
    warning = 4
    notice = 5
    info = 6
    debug = 7


class xrt_info_device:
    """What `device.get_info` can be asked for; no Enum, which could not have a `name`."""

    bdf: xrt_info_device
    interface_uuid: xrt_info_device
    kdma: xrt_info_device
    max_clock_frequency_mhz: xrt_info_device
    m2m: xrt_info_device
    name: xrt_info_device
    nodma: xrt_info_device
    offline: xrt_info_device
    electrical: xrt_info_device
    thermal: xrt_info_device
    mechanical: xrt_info_device
    memory: xrt_info_device
    platform: xrt_info_device
    pcie_info: xrt_info_device
    host: xrt_info_device
    dynamic_regions: xrt_info_device
    vmr: xrt_info_device

    def __init__(self, key: str) -> None:
        self.key = key

    def __str__(self) -> str:
        return f"xrt_info_device.{self.key}"

    def __repr__(self) -> str:
        return f"<{self}>"


for _key in xrt_info_device.__annotations__:
    setattr(xrt_info_device, _key, xrt_info_device(_key))

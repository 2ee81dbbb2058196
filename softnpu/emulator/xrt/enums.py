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

    bdf = "bdf"
    interface_uuid = "interface_uuid"
    kdma = "kdma"
    max_clock_frequency_mhz = "max_clock_frequency_mhz"
    m2m = "m2m"
    name = "name"
    nodma = "nodma"
    offline = "offline"
    electrical = "electrical"
    thermal = "thermal"
    mechanical = "mechanical"
    memory = "memory"
    platform = "platform"
    pcie_info = "pcie_info"
    host = "host"
    dynamic_regions = "dynamic_regions"
    vmr = "vmr"

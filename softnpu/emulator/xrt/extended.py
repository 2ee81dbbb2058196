# ruff: noqa: N801 (the names are XRT's)
"""XRT's submodules ext and aie, and graphs.

A buffer of `ext` is one of the host's memory, as in XRT (xrt_bo.cpp, adjust_buffer_flags). The
rest belongs to other processes' memory and to AIE graphs, which the emulator has not.
"""

from __future__ import annotations

from datetime import datetime_CAPI
from enum import Flag
from types import ModuleType
from typing import Any

from softnpu.emulator.xrt import buffer
from softnpu.emulator.xrt.device import device, hw_context
from softnpu.emulator.xrt.elf_kernel import ext_kernel
from softnpu.emulator.xrt.enums import PybindEnum, xclBOSyncDirection
from softnpu.emulator.xrt.overloads import Overloads

POINTER: type = type(datetime_CAPI)
"""What pybind takes for a void*: a capsule."""

HOST_BANK = 0

NO_GRAPH = (
    "graphs and GMIO belong to the AIE graphs of the Vitis tools; a design for an NPU has none: "
    "use kernel and bo"
)
NO_IMPORT = (
    "a buffer on memory that the program or another process has is not modelled: let XRT allocate "
    "it, ext.bo(device, size)"
)


class access_mode(Flag):
    """Who uses a buffer, and in which direction; kept, and without effect."""

    none = 0
    read = 1
    write = 2
    read_write = 3
    local = 0
    shared = 4
    process = 8
    hybrid = 16

    def __int__(self) -> int:
        return int(self.value)

    __index__ = __int__


class ext_bo(buffer.bo):
    """ext.bo(device or hwctx, size[, access]): a buffer in the host's memory.

    Raises:
        RuntimeError: memory that is there already.
    """

    has_group = False

    def __init__(self, *given: Any, **named: Any) -> None:
        found = _EXT_BO.read(given, named)
        if "size" not in found or "userptr" in found:
            raise RuntimeError(NO_IMPORT)
        owner = found.get("device", found.get("hwctx"))
        self._allocate(owner, int(found["size"]), self.flags.host_only, HOST_BANK)


_EXT_BO = Overloads(
    "pyxrt.ext.bo",
    (
        {"device": device, "userptr": POINTER, "size": int, "access": access_mode},
        {"device": device, "userptr": POINTER, "size": int},
        {"device": device, "size": int, "access": access_mode},
        {"device": device, "size": int},
        {"device": device, "pid": int, "export_handle": int},
        {"hwctx": hw_context, "size": int, "access": access_mode},
        {"hwctx": hw_context, "size": int},
        {"hwctx": hw_context, "pid": int, "export_handle": int},
    ),
)


class aie_bo(buffer.bo):
    """aie.bo: a buffer that a GMIO port of a graph can be synced with; there are none here."""

    def __init__(self, *given: Any, **named: Any) -> None:
        found = _AIE_BO.read(given, named)
        owner = found.get("device", found.get("ctx"))
        flags = found.get("flags", self.flags.host_only)
        self._allocate(owner, int(found["size"]), flags, int(found["group"]))

    def sync(self, *given: Any, **named: Any) -> None:
        """sync(port, direction[, size, offset]) fails: RuntimeError."""
        _AIE_SYNC.read(given, named)
        raise RuntimeError(NO_GRAPH)


_AIE_SYNC = Overloads(
    "pyxrt.aie.bo.sync",
    (
        {"port": str, "direction": xclBOSyncDirection, "size": int, "offset": int},
        {"port": str, "direction": xclBOSyncDirection},
    ),
    method=True,
)


_AIE_BO = Overloads(
    "pyxrt.aie.bo",
    (
        {"device": device, "size": int, "flags": buffer.bo.flags, "group": int},
        {"ctx": hw_context, "size": int, "flags": buffer.bo.flags, "group": int},
        {"ctx": hw_context, "size": int, "group": int},
    ),
)


class graph:
    """An AIE graph: graph(ctx, name[, mode]). There are none on NPUs: RuntimeError."""

    class access_mode(PybindEnum):
        """Who may control the graph."""

        exclusive = 0
        primary = 1
        shared = 2

    exclusive, primary, shared = access_mode.exclusive, access_mode.primary, access_mode.shared

    def __init__(self, *given: Any, **named: Any) -> None:
        _GRAPH.read(given, named)
        raise RuntimeError(NO_GRAPH)

    def reset(self) -> None:
        """Fails, as all methods do: RuntimeError."""
        raise RuntimeError(NO_GRAPH)

    get_timestamp = suspend = resume = reset

    def gmio_bank_id(self, gmio_name: str) -> int:
        """Fails: RuntimeError."""
        del gmio_name
        raise RuntimeError(NO_GRAPH)

    def run(self, iterations: int = 0) -> None:
        """Fails: RuntimeError."""
        del iterations
        raise RuntimeError(NO_GRAPH)

    def wait(self, cycles: int = 0) -> None:
        """Fails: RuntimeError. The binding's other form, with a timeout, takes no argument."""
        del cycles
        raise RuntimeError(NO_GRAPH)

    end = wait

    def update(self, port_name: str, data: Any) -> None:
        """Fails: RuntimeError."""
        del port_name, data
        raise RuntimeError(NO_GRAPH)

    def read(self, port_name: str, size: int) -> Any:
        """Fails: RuntimeError."""
        del port_name, size
        raise RuntimeError(NO_GRAPH)


_GRAPH = Overloads(
    "pyxrt.graph",
    (
        {"ctx": hw_context, "name": str},
        {"ctx": hw_context, "name": str, "mode": graph.access_mode},
    ),
)


def _submodule(name: str, about: str, **members: Any) -> ModuleType:
    made = ModuleType(f"pyxrt.{name}", about)
    vars(made).update(members)
    return made


ext = _submodule(
    "ext",
    "Extended XRT functionality.",
    bo=ext_bo,
    kernel=ext_kernel,
    access_mode=access_mode,
    **access_mode.__members__,
)
aie = _submodule("aie", "AIE-specific XRT functionality.", bo=aie_bo)

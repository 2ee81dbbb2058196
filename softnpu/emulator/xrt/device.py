# ruff: noqa: N801 (the names are XRT's)
"""XRT's device and hw_context."""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING, Any

from softnpu.emulator import names
from softnpu.emulator.xrt.enums import PybindEnum
from softnpu.emulator.xrt.image import NO_ELF, NO_UUID, elf, uuid, xclbin
from softnpu.emulator.xrt.machine import machine
from softnpu.emulator.xrt.overloads import Form, Overloads
from softnpu.emulator.xrt.pair import Pair

if TYPE_CHECKING:
    from softnpu.emulator.context import Context
    from softnpu.emulator.xrt.kernel import run


_log = logging.getLogger("softnpu.pyxrt")

_EMPTY = "this hw_context is empty: pyxrt.hw_context(device, uuid) makes one"
_ENOENT, _ENOSPC = "err=-2): No such file or directory", "err=-28): No space left on device"


class device:
    """An NPU: device(index) or device(bdf), of which only the first exists; device() is none."""

    def __init__(self, *given: Any, **named: Any) -> None:
        forms = Overloads("pyxrt.device", ({}, {"index": int}, {"bdf": str}))
        for wanted in forms.read(given, named).values():
            if wanted not in (0, "0", BDF):
                raise RuntimeError(f"No such device with index '{wanted}'")

    def register_xclbin(self, xclbin: xclbin) -> uuid:
        """Makes an xclbin known; contexts are made from its uuid."""
        found = xclbin.get_uuid()
        machine().xclbins[found.to_string()] = xclbin
        return found

    def load_xclbin(self, *given: Any, **named: Any) -> uuid:
        """load_xclbin(xclbin) or load_xclbin(xclbin_path); fails as on every NPU: RuntimeError."""
        Overloads("pyxrt.device", ({"xclbin_path": str}, {"xclbin": xclbin})).read(given, named)
        warnings.warn(
            "pyxrt.device.load_xclbin() is deprecated; use pyxrt.hw_context(device, xclbin) or "
            "pyxrt.hw_context(device, xclbin_path) instead",
            DeprecationWarning,
            stacklevel=2,
        )
        raise RuntimeError("load_axlf: Operation not supported")

    def get_xclbin_uuid(self) -> uuid:
        """The uuid of what was loaded with `load_xclbin`: all zeros."""
        return NO_UUID

    def get_info(self, key: str) -> str:
        """A property of the device (an attribute of xrt_info_device), as text."""
        name = machine().model.name
        known = {"name": name, "bdf": BDF, "nodma": "1", "kdma": "0", "m2m": "0"}
        return known.get(key, "NA")


BDF = "0000:00:00.0"
"""The emulated device's place on the bus."""


class hw_context:
    """An array that an xclbin configures; at most six exist at a time (npu2: 32).

    hw_context(device, uuid or xclbin or xclbin_path[, mode or cfg_param]); hw_context() is none.
    Modes and parameters are ignored: contexts here share nothing.

    Raises:
        RuntimeError: the xclbin is not registered, needs more columns than the device has, or
            there are too many contexts; an ELF, since that is not modelled.
    """

    class access_mode(PybindEnum):
        """Whether others may use the array in turn."""

        exclusive = 0
        shared = 1

    exclusive, shared = access_mode.exclusive, access_mode.shared

    def __init__(self, *given: Any, **named: Any) -> None:
        found = _CONTEXT.read(given, named)
        self._xclbin: xclbin | None = None
        self._owner: device | None = found.get("device")
        self._mode: hw_context.access_mode = found.get("mode", self.shared)
        self._context: Context | None = None
        self._queue: list[run] = []
        self.names = names.Names()
        if "elf" in found or found.keys() == {"device", "cfg_param", "mode"}:
            raise RuntimeError(NO_ELF)
        if found:
            self._open(found)

    def _open(self, found: dict[str, Any]) -> None:
        image = found.get("xclbin")
        if "xclbin_path" in found:
            image = xclbin(found["xclbin_path"])
        if image is not None:
            found["device"].register_xclbin(image)
        else:
            key = found["uuid"].to_string()
            image = machine().xclbins.get(key)
            if image is None:
                raise RuntimeError(f"No xclbin registered with uuid {key}")
        self._take_place(image)
        self._xclbin = image
        self.names = names.beside(image.path)
        self._pair = Pair(image.path)

    def _take_place(self, image: xclbin) -> None:
        """Fails as the driver does (xdna-driver, aie2_ctx_runqueue.c, aie2_rq_add)."""
        shared = machine()
        model = shared.model
        if len(shared.contexts) >= model.contexts:
            raise RuntimeError(f"DRM_IOCTL_AMDXDNA_CREATE_HWCTX IOCTL failed ({_ENOENT}")
        wanted = image.columns
        if wanted > model.columns:
            _log.error("the xclbin needs %d columns, %s has %d", wanted, model.name, model.columns)
            raise RuntimeError(f"DRM_IOCTL_AMDXDNA_CREATE_HWCTX IOCTL failed ({_ENOSPC}")
        shared.contexts.add(self)

    @property
    def image(self) -> xclbin:
        """Its xclbin. Not in XRT."""
        if self._xclbin is None:
            raise RuntimeError(_EMPTY)
        return self._xclbin

    def add_config(self, elf: elf) -> None:
        """Adds an ELF configuration; there can be none here."""
        del elf
        raise RuntimeError(NO_ELF)

    def get_device(self) -> device:
        """The device."""
        if self._owner is None:
            raise RuntimeError(_EMPTY)
        return self._owner

    def get_xclbin_uuid(self) -> uuid:
        """The uuid of its xclbin."""
        return self.image.get_uuid()

    def get_xclbin(self) -> xclbin:
        """Its xclbin."""
        return self.image

    def get_mode(self) -> hw_context.access_mode:
        """The mode that it was made with."""
        return self._mode

    def emulated(self) -> Context:
        """The emulator's context, made at the first run. Not in XRT."""
        from softnpu.emulator.context import Context

        if self._context is None:
            shared = machine()
            settings = shared.settings
            self._context = Context(
                self.image.parsed,
                core_isa=settings.core_isa,
                seed=settings.seed,
                trace=settings.trace,
                host=shared.memory,
            )
            if self._context.timeline is not None:
                shared.timeline = self._context.timeline
        return self._context

    def check_pair(self, instructions: bytes) -> None:
        """Warns of instructions that its xclbin was not built with. Not in XRT."""
        problem = self._pair.problem(instructions)
        if problem is not None:
            _log.warning("%s", problem)

    def submit(self, job: run) -> None:
        """Queues a run."""
        self._queue.append(job)

    def finish(self, job: run, timeout_ms: float) -> None:
        """Executes all queued runs up to `job`, in order, or until the time of one is over."""
        while job in self._queue:
            first = self._queue.pop(0)
            first.execute(timeout_ms)
            if first.unfinished:
                self._queue.insert(0, first)
                return

    def drop(self) -> None:
        """Forgets the array after a job that did not complete, as the driver's reset does."""
        self._context = None


def _context_forms() -> tuple[Form, ...]:
    images: tuple[Form, ...] = ({"uuid": uuid}, {"xclbin": xclbin}, {"xclbin_path": str})
    extras: tuple[Form, ...] = ({}, {"mode": hw_context.access_mode}, {"cfg_param": dict})
    configured: Form = {"cfg_param": dict, "mode": hw_context.access_mode}
    return (
        {},
        *({"device": device, **image, **extra} for image in images for extra in extras),
        {"device": device, **configured},
        {"device": device, "elf": elf},
        {"device": device, "elf": elf, **configured},
    )


_CONTEXT = Overloads("pyxrt.hw_context", _context_forms())

# ruff: noqa: N801 (the names are XRT's)
"""XRT's device and hw_context."""

from __future__ import annotations

import logging
import warnings
import weakref
from typing import TYPE_CHECKING, Any, Protocol

from softnpu.emulator.naming import names
from softnpu.emulator.xrt.configuration import elf, image_of
from softnpu.emulator.xrt.enums import PybindEnum, xrt_info_device
from softnpu.emulator.xrt.image import NO_UUID, uuid, xclbin
from softnpu.emulator.xrt.machine import machine
from softnpu.emulator.xrt.overloads import Form, Overloads
from softnpu.emulator.xrt.pair import Pair

if TYPE_CHECKING:
    from softnpu.emulator.context import Context
    from softnpu.emulator.memcheck.check import MemoryCheck

_log = logging.getLogger("softnpu.pyxrt")

_IN_FLIGHT = 4
"""Runs of a context that the NPU has at a time (CTX_MAX_CMDS)."""

_EMPTY = "this hw_context is empty: pyxrt.hw_context(device, uuid) makes one"
_EINVAL, _ENOSPC = "err=-22): Invalid argument", "err=-28): No space left on device"


class Job(Protocol):
    """What a context's queue holds: a run or a runlist.

    Attributes:
        unfinished: the time of a wait was over before it was.
        hung: it did not complete, and the driver had to end it.
    """

    unfinished: bool
    hung: bool

    def perform(self, timeout_ms: float) -> None:
        """Runs it on the emulator."""

    def abort(self) -> None:
        """Ends it together with one before it that hung."""


class device:
    """An NPU: device(index) or device(bdf), of which only the first exists; device() is none."""

    def __init__(self, *given: Any, **named: Any) -> None:
        forms = Overloads("pyxrt.device", ({}, {"index": int}, {"bdf": str}))
        found = forms.read(given, named)
        self._is_open = bool(found)
        for wanted in found.values():
            if wanted not in (0, "0", BDF):
                raise RuntimeError(f"No such device with index '{wanted}'")

    def check_open(self) -> None:
        """RuntimeError for the handle that device() makes. Not in XRT."""
        if not self._is_open:
            raise RuntimeError("this device is empty: pyxrt.device(0) opens one")

    def register_xclbin(self, xclbin: xclbin) -> uuid:
        """Makes an xclbin known; contexts are made from its uuid."""
        self.check_open()
        found = xclbin.get_uuid()
        machine().xclbins[found.to_string()] = xclbin
        return found

    def load_xclbin(self, *given: Any, **named: Any) -> uuid:
        """load_xclbin(xclbin) or load_xclbin(xclbin_path); fails as on every NPU: RuntimeError."""
        _LOAD.read(given, named)
        warnings.warn(
            "pyxrt.device.load_xclbin() is deprecated; use pyxrt.hw_context(device, xclbin) or "
            "pyxrt.hw_context(device, xclbin_path) instead",
            DeprecationWarning,
            stacklevel=2,
        )
        self.check_open()
        raise RuntimeError("load_axlf: Operation not supported")

    def get_xclbin_uuid(self) -> uuid:
        """The uuid of what was loaded with `load_xclbin`: all zeros."""
        self.check_open()
        return NO_UUID

    def get_info(self, key: xrt_info_device, /) -> str:
        """A property of the device, as text.

        Raises:
            RuntimeError: NPUs do not tell it (XRT, xrt_device.cpp; xdna-driver, src/shim/device.cpp
                has no such request), or there is nothing behind it here, e.g. a sensor.
            TypeError: `key` is no xrt_info_device.
        """
        if not isinstance(key, xrt_info_device):
            raise TypeError(f"get_info(): incompatible function arguments: {key!r} is no key")
        self.check_open()
        known = {"name": machine().model.name, "bdf": BDF, "kdma": "0", "m2m": "0"}
        if key.key in known:
            return known[key.key]
        if key.key in _NOT_ON_NPUS:
            raise RuntimeError(f"No such query request ({key.key})")
        there = ", ".join(known)
        raise RuntimeError(f"the emulated NPU has nothing to tell as {key}; it knows: {there}")


BDF = "0000:00:00.0"
"""The emulated device's place on the bus."""

_NOT_ON_NPUS = ("interface_uuid", "max_clock_frequency_mhz", "nodma", "offline")

_LOAD = Overloads(
    "pyxrt.device.load_xclbin", ({"xclbin_path": str}, {"xclbin": xclbin}), method=True
)


class hw_context:
    """An array that an xclbin configures; at most six exist at a time (npu2: 16).

    hw_context(device, uuid or xclbin or xclbin_path[, mode or cfg_param]), or of full ELFs:
    hw_context(device, elf[, cfg_param, mode]), hw_context(device, cfg_param, mode) and add_config;
    hw_context() is none. Modes and parameters are ignored: contexts here share nothing.

    Raises:
        RuntimeError: the xclbin is not registered, lacks kernels or PDIs, needs more columns than
            the device has; there are too many contexts, or too many instruction buffers; the ELF
            goes with an xclbin.
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
        self._pdi = 0
        self._queue: list[Job] = []
        self.names = names.Names()
        self.elves: list[elf] = []
        """Of a context that full ELFs configure. Not in XRT."""
        if "elf" in found:
            self.add_config(found["elf"])
        elif found and found.keys() != {"device", "cfg_param", "mode"}:
            self._open(found)

    def _open(self, found: dict[str, Any]) -> None:
        found["device"].check_open()
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
        self._know(image)

    def _know(self, image: xclbin) -> None:
        self._xclbin = image
        self.names = names.understood(image.path)
        self._pair = Pair(image.path)

    def _take_place(self, image: xclbin) -> None:
        """Fails as the driver does that comes with the kernel (drivers/accel/amdxdna): the firmware
        has no context left, which is EINVAL whatever it answers (aie.c, aie_send_mgmt_msg_wait).

        AMD's tree beside the kernel refuses by itself, with ENOENT (aie2_ctx_runqueue.c).
        """
        shared = machine()
        model = shared.model
        taken = shared.heap.take_context(image.pdi_sizes())
        if len(shared.contexts) >= model.contexts:
            shared.heap.give(taken)
            raise RuntimeError(f"DRM_IOCTL_AMDXDNA_CREATE_HWCTX IOCTL failed ({_EINVAL}")
        wanted = image.columns
        if wanted > model.columns:
            shared.heap.give(taken)
            _log.error("the xclbin needs %d columns, %s has %d", wanted, model.name, model.columns)
            raise RuntimeError(f"DRM_IOCTL_AMDXDNA_CREATE_HWCTX IOCTL failed ({_ENOSPC}")
        shared.contexts.add(self)
        weakref.finalize(self, shared.heap.give, taken)

    @property
    def image(self) -> xclbin:
        """Its xclbin. Not in XRT."""
        if self._xclbin is None:
            raise RuntimeError(_EMPTY)
        return self._xclbin

    def add_config(self, elf: elf) -> None:
        """Adds a full ELF's kernels and PDIs.

        Raises:
            RuntimeError: it is none, does not fit to the others, or the context is an xclbin's.
        """
        self.get_device().check_open()
        if self._xclbin is not None and not self.elves:
            raise RuntimeError("the context was made of an xclbin; an ELF cannot be added to it")
        image = image_of([*self.elves, elf])
        if not self.elves:
            self._take_place(image)
        self.elves.append(elf)
        self._context = None
        self._know(image)

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

    def emulated(self, pdi: int) -> Context:
        """The emulator's context, made at the first run, and anew for a kernel that runs on
        another of the partition's PDIs. Not in XRT."""
        from softnpu.emulator.context import Context

        if self._context is None or pdi != self._pdi:
            shared = machine()
            settings = shared.settings
            self._pdi = pdi
            self._context = Context(
                self.image.with_pdi(pdi),
                core_isa=settings.core_isa,
                seed=settings.seed,
                trace=settings.trace,
                memcheck=self._memcheck(settings.memcheck),
                debugger=settings.debugger,
                host=shared.memory,
                loads_first=not self.elves,
            )
            if self._context.timeline is not None:
                shared.timeline = self._context.timeline
                shared.timeline.names = self.names.of(pdi)
        return self._context

    def _memcheck(self, limit: int | None) -> MemoryCheck | None:
        from softnpu.emulator.memcheck.check import MemoryCheck

        return None if limit is None else MemoryCheck(self.names, limit)

    def check_pair(self, instructions: bytes) -> None:
        """Warns of instructions that its xclbin was not built with. Not in XRT."""
        problem = self._pair.problem(instructions)
        if problem is not None:
            _log.warning("%s", problem)

    def tell(self, state: str, problem: str) -> None:
        """Logs why a run did not complete; at length only what is new of its xclbin. Not in XRT."""
        assert self._xclbin is not None
        known = problem in self._xclbin.told
        self._xclbin.told.add(problem)
        head = problem.splitlines()[0].rstrip(":")
        told = f"{head}, as it was told of a run before" if known else problem
        _log.error("%s: %s", state, told)

    def submit(self, job: Job) -> None:
        """Queues a run or a runlist. Not in XRT."""
        self._queue.append(job)

    def withdraw(self, job: Job) -> None:
        """Takes a job out of the queue; the array is reset if it had begun. Not in XRT."""
        self._queue.remove(job)
        if job.unfinished:
            self.drop()

    def finish(self, job: Job, timeout_ms: float) -> None:
        """Executes what is queued up to `job`, in order, or until the time of one is over. Not in
        XRT."""
        while job in self._queue:
            first = self._queue.pop(0)
            first.perform(timeout_ms)
            if first.unfinished:
                self._queue.insert(0, first)
                return
            if first.hung:
                self._abort_sent()

    def _abort_sent(self) -> None:
        """Ends what the NPU had beside a run that hung: the driver's reset spares none of it.

        Source: xdna-driver, aie2_ctx.c, aie2_ctx_cmd_health_data; the mailbox is closed.
        """
        sent, self._queue = self._queue[: _IN_FLIGHT - 1], self._queue[_IN_FLIGHT - 1 :]
        for job in sent:
            job.abort()

    def drop(self) -> None:
        """Forgets the array after a job that did not complete, as the driver's reset does. Not in
        XRT."""
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

# ruff: noqa: N801 (the names are XRT's)
"""XRT's device, xclbin and hw_context."""

from __future__ import annotations

import logging
import warnings
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from softnpu.emulator import names
from softnpu.emulator.xrt.machine import machine
from softnpu.emulator.xrt.pair import Pair
from softnpu.errors import SoftnpuError
from softnpu.formats.xclbin import Xclbin, parse

if TYPE_CHECKING:
    from softnpu.emulator.context import Context
    from softnpu.emulator.xrt.kernel import run


_log = logging.getLogger("softnpu.pyxrt")


class uuid:
    """Identifies an xclbin."""

    def __init__(self, text: str) -> None:
        self._text = text

    def to_string(self) -> str:
        """The uuid as text."""
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, uuid) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


class xclbin:
    """A compiled design. RuntimeError if the file is missing or damaged."""

    class xclbinkernel:
        """A kernel in an xclbin."""

        def __init__(self, name: str, arguments: int) -> None:
            self._name = name
            self._arguments = arguments

        def get_name(self) -> str:
            """The kernel's name."""
            return self._name

        def get_num_args(self) -> int:
            """How many arguments it takes."""
            return self._arguments

    def __init__(self, filename: str | Path) -> None:
        self.path = Path(filename)
        if not self.path.is_file():
            raise RuntimeError(f"xclbin file not found: {filename}")
        try:
            self.parsed: Xclbin = parse(self.path.read_bytes())
        except SoftnpuError as error:
            raise RuntimeError(f"{filename}: {error}") from error

    def get_kernels(self) -> list[xclbin.xclbinkernel]:
        """The kernels."""
        return [self.xclbinkernel(k.name, len(k.arguments)) for k in self.parsed.kernels]

    def get_uuid(self) -> uuid:
        """The file's uuid."""
        return uuid(str(UUID(bytes=self.parsed.header.uuid)))

    def get_xsa_name(self) -> str:
        """The platform's name; empty for NPUs."""
        return ""


class device:
    """An NPU; only index 0 exists."""

    def __init__(self, index: int | str = 0) -> None:
        if index not in (0, "0"):
            raise RuntimeError(f"No such device with index '{index}'")

    def register_xclbin(self, image: xclbin) -> uuid:
        """Makes an xclbin known; contexts are made from its uuid."""
        found = image.get_uuid()
        machine().xclbins[found.to_string()] = image
        return found

    def load_xclbin(self, _image: xclbin | str) -> uuid:
        """Fails, as on every NPU: RuntimeError."""
        warnings.warn(
            "pyxrt.device.load_xclbin() is deprecated; use pyxrt.hw_context(device, xclbin) or "
            "pyxrt.hw_context(device, xclbin_path) instead",
            DeprecationWarning,
            stacklevel=2,
        )
        raise RuntimeError("load_axlf: Operation not supported")

    def get_info(self, key: str) -> str:
        """A property of the device (an attribute of xrt_info_device), as text."""
        name = machine().settings.model.name
        known = {"name": name, "bdf": "0000:00:00.0", "nodma": "1", "kdma": "0", "m2m": "0"}
        return known.get(key, "NA")


class hw_context:
    """An array that an xclbin configures; at most six exist at a time (npu2: 32).

    Raises:
        RuntimeError: the xclbin is not registered, or there are too many contexts.
    """

    class access_mode(Enum):
        """Ignored: contexts here share nothing."""

        exclusive = 0
        shared = 1

    def __init__(self, owner: device, image: uuid | xclbin | str, _mode: Any = None) -> None:
        shared = machine()
        if isinstance(image, str):
            image = xclbin(image)
        if isinstance(image, xclbin):
            image = owner.register_xclbin(image)
        found = shared.xclbins.get(image.to_string())
        if found is None:
            raise RuntimeError(f"No xclbin registered with uuid {image.to_string()}")
        if len(shared.contexts) >= shared.settings.model.contexts:
            raise RuntimeError(
                "DRM_IOCTL_AMDXDNA_CREATE_HWCTX IOCTL failed (err=-2): No such file or directory"
            )
        self.xclbin = found
        self.names = names.beside(found.path)
        self._pair = Pair(found.path)
        self._owner = owner
        self._context: Context | None = None
        self._queue: list[run] = []
        shared.contexts.add(self)

    def get_device(self) -> device:
        """The device."""
        return self._owner

    def get_xclbin_uuid(self) -> uuid:
        """The uuid of its xclbin."""
        return self.xclbin.get_uuid()

    def get_xclbin(self) -> xclbin:
        """Its xclbin."""
        return self.xclbin

    def emulated(self) -> Context:
        """The emulator's context, made at the first run. Not in XRT."""
        from softnpu.emulator.context import Context

        if self._context is None:
            shared = machine()
            settings = shared.settings
            self._context = Context(
                self.xclbin.parsed,
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

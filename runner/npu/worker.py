"""The child process that holds the NPU: `python -m runner.npu.worker FD PYXRT`.

It answers requests over a pipe, one at a time. pyxrt's `wait` keeps Python from doing anything
else, so whoever waits for an answer has to be another process.
"""

from __future__ import annotations

import importlib.util
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from runner.errors import RunnerError
from runner.messages import explained
from runner.npu.protocol import Answer, Close, Failure, Load, Probe, Ran, Request, Run
from runner.session import XRT_ERRORS, Session


class Worker:
    """Serves requests with one pyxrt module."""

    def __init__(self, xrt: Any) -> None:
        self._xrt = xrt
        self._session: Session | None = None

    def serve(self, pipe: Connection) -> None:
        """Answers until the other side closes."""
        while True:
            try:
                request = pipe.recv()
            except EOFError:
                return
            pipe.send(self.answer(request))
            if isinstance(request, Close):
                return

    def answer(self, request: Request) -> Answer | Failure:
        """Does what is asked for."""
        try:
            return Answer(self._do(request))
        except RunnerError as error:
            return Failure(str(error), error.hang)

    def _do(self, request: Request) -> Any:
        match request:
            case Probe():
                return device_name(self._xrt)
            case Load(program):
                self._session = Session(self._xrt, program)
                return None
            case Run(inputs, timeout_ms, fill):
                assert self._session is not None, "Load comes first"
                outputs = self._session.run(inputs, timeout_ms, fill)
                return Ran(outputs, self._session.seconds)
            case Close():
                if self._session is not None:
                    self._session.close()
                return None


def device_name(xrt: Any) -> str:
    """Opens the device and asks for its name, "NPU Phoenix" or the like; "" if it has none.

    Raises:
        RunnerError: there is no device, or it cannot be opened.
    """
    try:
        device = xrt.device(0)
    except XRT_ERRORS as error:
        raise RunnerError(explained(str(error))) from error
    try:
        return str(device.get_info(xrt.xrt_info_device.name))
    except XRT_ERRORS:
        return ""


def load_module(path: Path) -> Any:
    """Imports pyxrt from its file: the folder that it lies in may hold a whole distribution's
    packages, which must not hide this environment's.

    Raises:
        RunnerError: with the loader's message and what it means.
    """
    specification = importlib.util.spec_from_file_location("pyxrt", path)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["pyxrt"] = module
    try:
        specification.loader.exec_module(module)
    except ImportError as error:
        raise RunnerError(explained(f"Python cannot load {path}: {error}")) from error
    return module


def main(arguments: list[str]) -> int:
    """Serves the pipe whose file descriptor is the first argument."""
    descriptor, path = arguments
    with Connection(int(descriptor)) as pipe:
        try:
            worker = Worker(load_module(Path(path)))
        except RunnerError as error:
            pipe.recv()
            pipe.send(Failure(str(error)))
            return 1
        worker.serve(pipe)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The NPU's child process as its parent sees it: started, asked, timed, ended.

One process serves all runs of one xclbin, so device and context are opened once. When it does not
answer in time it is killed, which makes the driver release what it held.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from runner.errors import RunnerError
from runner.npu.locate import Found
from runner.npu.protocol import Answer, Close, Failure, Probe, Request

ROOT = Path(__file__).resolve().parent.parent.parent
WORKER = "runner.npu.worker"

OPEN_SECONDS = 30.0
"""For the interpreter, pyxrt, device and context: mostly well below a second."""
GRACE_SECONDS = 5.0
"""What a run may take beyond the timeout that XRT was given: buffers are copied meanwhile."""
END_SECONDS = 5.0
CONSOLE_LINES = 20


class NpuProcess:
    """A running worker.

    Raises:
        RunnerError: it cannot be started.
    """

    def __init__(self, pyxrt: Found) -> None:
        self._console = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the process)
        self._pipe, theirs = Pipe()
        with theirs:
            self._process = _start(pyxrt, theirs, self._console)

    def ask(self, request: Request, seconds: float) -> Any:
        """Sends a request and waits for its answer.

        Raises:
            RunnerError: the request failed, took too long (the process is killed then), or the
                process died.
        """
        try:
            self._pipe.send(request)
            if not self._pipe.poll(seconds):
                raise self._overdue(seconds)
            reply = self._pipe.recv()
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise RunnerError(self._death()) from None
        if isinstance(reply, Failure):
            raise RunnerError(reply.message, hang=reply.hang)
        assert isinstance(reply, Answer)
        return reply.value

    def console(self) -> str:
        """The last lines that XRT and pyxrt wrote to the console."""
        self._console.seek(0)
        lines = self._console.read().decode(errors="replace").strip().splitlines()
        return "\n".join(lines[-CONSOLE_LINES:])

    def close(self) -> None:
        """Ends the process; kills it when it does not end by itself."""
        if self._process.poll() is None:
            try:
                self.ask(Close(), END_SECONDS)
            except RunnerError:
                self._kill()
        self._pipe.close()
        self._wait()
        self._console.close()

    def _overdue(self, seconds: float) -> RunnerError:
        message = (
            f"no answer within {seconds:g} s: the call into XRT did not come back, and its process"
            " was ended"
        )
        if not self._kill():
            message += (
                f"; it does not end (process {self._process.pid} hangs in the driver): reload the"
                " driver or reboot"
            )
        return RunnerError(message, hang=True)

    def _kill(self) -> bool:
        self._process.kill()
        return self._wait()

    def _wait(self) -> bool:
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _death(self) -> str:
        self._wait()
        code = self._process.returncode
        if code is not None and code < 0:
            how = f"was ended by {signal.Signals(-code).name}, inside XRT or the driver's library"
        else:
            how = f"ended with exit code {code}"
        return f"the process that held the NPU {how}"


def _start(pyxrt: Found, pipe: Connection, console: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", WORKER, str(pipe.fileno()), str(pyxrt.path)]
    try:
        return subprocess.Popen(
            command,
            pass_fds=[pipe.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            env=environment(pyxrt.environment),
        )
    except OSError as error:
        raise RunnerError(f"cannot start {sys.executable}: {error.strerror}") from error


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The child's environment: XRT's libraries, and this project's modules."""
    found = {**os.environ, **extra}
    paths = [str(ROOT), *filter(None, [found.get("PYTHONPATH")])]
    return {**found, "PYTHONPATH": os.pathsep.join(paths)}


def probe(pyxrt: Found) -> str:
    """The name of the NPU that XRT sees.

    Raises:
        RunnerError: XRT sees none, or does not answer.
    """
    process = NpuProcess(pyxrt)
    try:
        return str(process.ask(Probe(), OPEN_SECONDS))
    finally:
        process.close()

"""The stub: waits for gdb or lldb, tells it of stops, and lets the array go on."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from softnpu.emulator.debugging.debugger import Debugger, Quit, Reason, Stop
from softnpu.emulator.debugging.gdb.answers import TRAP, Answers, Detached, Killed
from softnpu.emulator.debugging.gdb.packets import INTERRUPT, Connection, DisconnectedError
from softnpu.emulator.debugging.gdb.processes import Processes
from softnpu.emulator.explaining.explain import explain
from softnpu.emulator.observing.stops import On
from softnpu.errors import EmulatorError

if TYPE_CHECKING:
    from softnpu.emulator.naming.names import Place

_INTERRUPTED, _ILLEGAL = 2, 11
"""SIGINT and SIGSEGV, as the protocol numbers them (gdb, signals.def)."""
_SIGNALS = {
    Reason.FAULT: _ILLEGAL,
    **dict.fromkeys((Reason.STEP, Reason.BREAKPOINT, Reason.WATCH), TRAP),
}
_WATCH_NAMES = {On.NOTHING: "watch", On.READ: "rwatch", On.READ | On.WRITE: "awatch"}


class GdbServer:
    """One client, at one port.

    Args:
        tell: is given what the user is to know.
        chosen: the core that a client begins with; the first one that has a program otherwise.
        folders: where sources lie.

    Raises:
        EmulatorError: the port is taken.

    Attributes:
        port: where it listens.
    """

    def __init__(
        self,
        host: str,
        port: int,
        tell: Callable[[str], None],
        chosen: Place | None = None,
        folders: tuple[Path, ...] = (),
    ) -> None:
        try:
            self._listening = socket.create_server((host, port))
        except OSError as error:
            raise EmulatorError(
                f"cannot listen on {host}:{port}: {error.strerror}; --gdb takes another port"
            ) from error
        self.port = int(self._listening.getsockname()[1])
        self._host = host
        self._tell = tell
        self._chosen = chosen
        self._folders = folders
        self._connection: Connection | None = None

    def stopped(self, debugger: Debugger, stop: Stop) -> None:
        """A frontend of the debugger."""
        if stop.reason is Reason.START:
            self._processes = Processes(debugger, self._chosen)
            self._answers = Answers(self._processes, self._folders, self._print)
            self._accept()
        elif self._connection is None or stop.reason is Reason.END:
            return
        with self._connected():
            if stop.reason is not Reason.START:
                self._report(stop)
            self._serve()

    def interrupted(self) -> bool:
        """Whether the client wants the array to stop."""
        with self._connected():
            return self._connection is not None and self._connection.interrupted()
        return False

    def finish(self, text: str, code: int) -> None:
        """Tells the client how the run has ended, as its program's output and exit code."""
        if self._connection is not None:
            with suppress(DisconnectedError):
                self._print(text)
                process = b";process:1" if self._processes.several else b""
                self._connection.send(b"W%02x" % code + process)
            self._connection.close()
        self._listening.close()

    def _accept(self) -> None:
        self._tell(self._invitation())
        connected, _ = self._listening.accept()
        self._connection = Connection(connected)
        self._tell("a debugger has attached")

    def _invitation(self) -> str:
        processes = self._processes
        elf = processes.elf(processes.core)
        command = ["gdb-multiarch", *([str(elf)] if elf is not None else [])]
        lines = [
            f"waiting on {self._host}:{self.port} for a debugger; for example",
            f"  {' '.join(command)} -ex 'target remote {self._host}:{self.port}'",
        ]
        lines += [
            f"process {pid}: {core.place}, {processes.elf(core) or 'whose ELF is not known'}"
            for pid, core in processes.all().items()
        ]
        return "\n".join(lines)

    @contextmanager
    def _connected(self) -> Iterator[None]:
        """Where the connection may break: the run goes on without the client then."""
        try:
            yield
        except DisconnectedError:
            self._left("the debugger has gone; the run goes on without it")

    def _left(self, text: str) -> None:
        """The client is gone: no more stops."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._processes.debugger.detach()
        self._tell(text)

    def _report(self, stop: Stop) -> None:
        """Tells the client of a stop."""
        processes = self._processes
        if stop.reason in (Reason.FAULT, Reason.HANG, Reason.TIMEOUT):
            assert stop.report is not None
            why = explain(stop.report, processes.debugger.names)
            self._print(why)
            self._tell(why)  # gdb's debug adapter shows no output of what it debugs
        if stop.core is not None:
            processes.core = stop.core
        details = b""
        if stop.reason is Reason.BREAKPOINT:
            details = b"swbreak:;"
        elif stop.reason is Reason.WATCH and stop.watchpoint is not None:
            name = _WATCH_NAMES[stop.watchpoint.watched.on]
            details = f"{name}:{stop.watchpoint.wanted[1:]};".encode()
        signal = _SIGNALS.get(stop.reason, _INTERRUPTED)
        self._answers.latest = processes.signal(signal, processes.core, details)
        self._send(self._answers.latest)

    def _print(self, text: str) -> None:
        """Shows the user a text, as output of the program."""
        if text:
            self._send(b"O" + f"{text}\n".encode().hex().encode())

    def _send(self, data: bytes) -> None:
        assert self._connection is not None
        self._connection.send(data)

    def _serve(self) -> None:
        """Answers packets until one lets the array go on."""
        assert self._connection is not None
        while True:
            packet = self._connection.receive()
            if packet == INTERRUPT:
                continue  # it stands still already
            try:
                answer = self._answers.answer(packet)
            except Detached:
                self._send(b"OK")
                self._left("the debugger has detached; the run goes on without it")
                return
            except Killed as killed:
                self._quit(killed)
            if answer is None:
                return
            self._send(answer)
            if packet == b"QStartNoAckMode":
                self._connection.acknowledges = False

    def _quit(self, killed: Killed) -> NoReturn:
        assert self._connection is not None
        with suppress(DisconnectedError):
            if killed.answered:
                self._send(b"OK")
            self._connection.close()
        self._connection = None
        raise Quit

"""The stub: answers gdb or lldb while the array stands still, and lets it go on.

Each core that has a program is a process of its own, with one thread: its memory, its program and
its symbols are its own. A client that knows no processes (lldb) sees the chosen core alone.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from softnpu.emulator.debugging.debugger import Debugger, Quit, Reason, Stop
from softnpu.emulator.debugging.gdb.description import REGISTERS, TARGET
from softnpu.emulator.debugging.gdb.files import Files
from softnpu.emulator.debugging.gdb.packets import (
    INTERRUPT,
    Connection,
    DisconnectedError,
    escaped,
    unescaped,
)
from softnpu.emulator.debugging.gdb.resuming import resumption
from softnpu.emulator.debugging.showing import Showing, monitor
from softnpu.emulator.debugging.stops import On, Watched
from softnpu.emulator.debugging.view import CoreView
from softnpu.emulator.explain import explain
from softnpu.emulator.memcheck.seen import plain
from softnpu.errors import EmulatorError

if TYPE_CHECKING:
    from softnpu.emulator.core import Core
    from softnpu.emulator.names import Place

_PACKET = 0x4000
_TRAP, _INTERRUPTED, _ILLEGAL = 5, 2, 11
"""Signals of the protocol: SIGTRAP, SIGINT, SIGSEGV (gdb, signals.def)."""
_NOT_SERVED = b""
_ERROR = b"E01"
_MEMORY_ERROR = b"E0e"
_SUPPORTED = (
    f"PacketSize={_PACKET:x};QStartNoAckMode+;multiprocess+;swbreak+;hwbreak+;vContSupported+;"
    "qXfer:features:read+;qXfer:threads:read+;qXfer:exec-file:read+"
)
_WATCHES = {b"2": On.NOTHING, b"3": On.READ, b"4": On.READ | On.WRITE}
"""What a watchpoint of gdb's stops at; a write by what has changed, whoever has written it."""
_WATCH_NAMES = {On.NOTHING: "watch", On.READ: "rwatch", On.READ | On.WRITE: "awatch"}


class GdbServer:
    """One client, at one port.

    Args:
        chosen: the core that a client begins with; the first one that has a program otherwise.
        tell: is given what the user is to know.
        folders: where sources lie.
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
        self._address = host
        self._tell = tell
        self._chosen = chosen
        self._folders = folders
        self._connection: Connection | None = None
        self._debugger: Debugger | None = None
        self._core: Core | None = None
        self._several = False
        self._last = b""
        self._files = Files(self._programs)

    # the debugger's side

    def stopped(self, debugger: Debugger, stop: Stop) -> None:
        """A frontend of the debugger."""
        self._debugger = debugger
        if self._connection is None:
            if stop.reason is not Reason.START:
                return
            self._accept(debugger)
            self._last = self._signal(_TRAP, self._selected())
        elif stop.reason is Reason.END:
            return
        else:
            self._report(stop)
        try:
            self._serve()
        except DisconnectedError:
            self._left("the debugger has gone; the run goes on without it")

    def interrupted(self) -> bool:
        """Whether the client wants the array to stop."""
        try:
            return self._connection is not None and self._connection.interrupted()
        except DisconnectedError:
            self._left("the debugger has gone; the run goes on without it")
            return False

    def finish(self, text: str, code: int) -> None:
        """Tells the client how the run has ended, as its program's output and exit code."""
        if self._connection is not None:
            try:
                self._print(text)
                for pid in sorted(self._processes()) if self._several else [0]:
                    process = b";process:%x" % pid if self._several else b""
                    self._connection.send(b"W%02x" % code + process)
                    break
            except DisconnectedError:
                pass
            self._connection.close()
        self._listening.close()

    def _accept(self, debugger: Debugger) -> None:
        cores = debugger.cores()
        if not cores:
            raise EmulatorError("no core of this design has a program: there is nothing to attach")
        self._core = next((c for c in cores if c.tile == self._chosen), cores[0])
        self._tell(self._invitation(debugger))
        connected, _ = self._listening.accept()
        self._connection = Connection(connected)
        self._tell("a debugger has attached")

    def _invitation(self, debugger: Debugger) -> str:
        lines = [f"waiting on {self._address}:{self.port} for a debugger; for example"]
        elf = debugger.view(self._selected()).elf
        target = f"-ex 'target remote {self._address}:{self.port}'"
        lines.append(f"  gdb-multiarch {elf or ''} {target}".replace("  -", " -"))
        lines += [
            f"process {pid}: {core.place}, {debugger.view(core).elf or 'its ELF is not known'}"
            for pid, core in self._processes().items()
        ]
        return "\n".join(lines)

    def _left(self, text: str) -> None:
        assert self._debugger is not None
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._debugger.detach()
        self._tell(text)

    def _report(self, stop: Stop) -> None:
        """Tells the client of a stop."""
        core = stop.core or self._selected()
        if stop.reason in (Reason.FAULT, Reason.HANG, Reason.TIMEOUT):
            assert stop.report is not None and self._debugger is not None
            self._print(explain(stop.report, self._debugger.names))
        if stop.core is not None:
            self._core = core
        signal = {Reason.FAULT: _ILLEGAL, Reason.STEP: _TRAP, Reason.BREAKPOINT: _TRAP}
        details = b""
        if stop.reason is Reason.BREAKPOINT:
            details = b"swbreak:;"
        elif stop.reason is Reason.WATCH and stop.watchpoint is not None:
            name = _WATCH_NAMES[stop.watchpoint.watched.on]
            details = b"%s:%s;" % (name.encode(), stop.watchpoint.wanted[1:].encode())
            signal[Reason.WATCH] = _TRAP
        self._last = self._signal(signal.get(stop.reason, _INTERRUPTED), core, details)
        assert self._connection is not None
        self._connection.send(self._last)

    def _signal(self, signal: int, core: Core, details: bytes = b"") -> bytes:
        return b"T%02x%sthread:%s;" % (signal, details, self._thread(core))

    def _print(self, text: str) -> None:
        """Shows the user a text, as output of the program."""
        assert self._connection is not None
        if text:
            self._connection.send(b"O" + f"{text}\n".encode().hex().encode())

    # processes and threads

    def _processes(self) -> dict[int, Core]:
        assert self._debugger is not None
        return dict(enumerate(self._debugger.cores(), 1))

    def _selected(self) -> Core:
        assert self._core is not None
        return self._core

    def _thread(self, core: Core) -> bytes:
        pid = next(pid for pid, one in self._processes().items() if one is core)
        return b"p%x.1" % pid if self._several else b"%x" % pid

    def _of_thread(self, text: bytes) -> Core | None:
        """The core of "p1.1", "p1.-1", "1"; None for any."""
        match = re.fullmatch(rb"(?:p(?P<pid>-?[0-9a-f]+)\.)?(?P<tid>-?[0-9a-f]+)", text)
        if match is None:
            return None
        number = int(match["pid"] or match["tid"], 16)
        return self._processes().get(number)

    def _view(self) -> CoreView:
        assert self._debugger is not None
        return self._debugger.view(self._selected())

    def _programs(self) -> list[Path]:
        assert self._debugger is not None
        views = map(self._debugger.view, self._debugger.cores())
        return [view.elf for view in views if view.elf is not None]

    # serving

    def _serve(self) -> None:
        """Answers packets until one lets the array go on."""
        while self._connection is not None:
            packet = self._connection.receive()
            if packet == INTERRUPT:
                continue  # it stands still already
            answer = self._answer(packet)
            if answer is None:
                return
            self._connection.send(answer)
            if packet == b"QStartNoAckMode":
                self._connection.acknowledges = False

    def _answer(self, packet: bytes) -> bytes | None:
        """The answer to a packet; None where the array goes on."""
        try:
            for prefix, answer in self._ANSWERS.items():
                if packet.startswith(prefix):
                    return answer(self, packet[len(prefix) :])
        except EmulatorError:
            return _MEMORY_ERROR
        except (ValueError, IndexError):
            return _ERROR
        return _NOT_SERVED

    def _supported(self, rest: bytes) -> bytes:
        self._several = b"multiprocess+" in rest
        self._last = self._signal(_TRAP, self._selected())
        return _SUPPORTED.encode()

    def _status(self, _rest: bytes) -> bytes:
        return self._last

    def _select(self, rest: bytes) -> bytes:
        core = self._of_thread(rest[1:])
        if core is not None and rest[:1] == b"g":
            self._core = core
        return b"OK"

    def _alive(self, rest: bytes) -> bytes:
        return b"OK" if self._of_thread(rest) is not None else _ERROR

    def _current(self, _rest: bytes) -> bytes:
        return b"QC" + self._thread(self._selected())

    def _threads(self, _rest: bytes) -> bytes:
        return b"m" + b",".join(map(self._thread, self._listed()))

    def _listed(self) -> list[Core]:
        return list(self._processes().values()) if self._several else [self._selected()]

    def _extra(self, rest: bytes) -> bytes:
        core = self._of_thread(rest)
        return core.place.encode().hex().encode() if core is not None else _ERROR

    def _attach(self, rest: bytes) -> bytes:
        core = self._processes().get(int(rest, 16))
        if core is None:
            return _ERROR
        self._core = core
        return self._signal(_TRAP, core)

    def _transfer(self, rest: bytes) -> bytes:
        object_, _, annex, span = rest.split(b":")
        start, length = (int(part, 16) for part in span.split(b","))
        if object_ == b"features" and annex == b"target.xml":
            content = TARGET
        elif object_ == b"threads":
            content = self._thread_list()
        elif object_ == b"exec-file":
            core = self._of_thread(b"p%s.1" % annex) if annex else self._selected()
            elf = None if core is None or self._debugger is None else self._debugger.view(core).elf
            content = "" if elf is None else str(elf.resolve())
        else:
            return b"E00"
        data = content.encode()
        part = data[start : start + length]
        return (b"m" if start + length < len(data) else b"l") + escaped(part)

    def _thread_list(self) -> str:
        threads = (
            f'<thread id="{self._thread(core).decode()}" core="{number}" name="{core.place}"/>'
            for number, core in enumerate(self._listed())
        )
        return f'<?xml version="1.0"?>\n<threads>{"".join(threads)}</threads>\n'

    def _all_registers(self, _rest: bytes) -> bytes:
        found = self._view().registers()
        return b"".join(_hex(found[name], size) for name, size in REGISTERS)

    def _write_registers(self, rest: bytes) -> bytes:
        view, data = self._view(), bytes.fromhex(rest.decode())
        at = 0
        for name, size in REGISTERS:
            view.write_register(name, int.from_bytes(data[at : at + size], "little"))
            at += size
        return b"OK"

    def _register(self, rest: bytes) -> bytes:
        number = int(rest, 16)
        if number >= len(REGISTERS):
            return _ERROR
        name, size = REGISTERS[number]
        return _hex(self._view().registers()[name], size)

    def _write_register(self, rest: bytes) -> bytes:
        number, value = rest.split(b"=")
        name, _ = REGISTERS[int(number, 16)]
        data = bytes.fromhex(value.decode())
        self._view().write_register(name, int.from_bytes(data, "little"))
        return b"OK"

    def _read(self, rest: bytes) -> bytes:
        address, size = (int(part, 16) for part in rest.split(b","))
        return self._view().read(address, min(size, _PACKET // 2 - 8)).hex().encode()

    def _write(self, rest: bytes) -> bytes:
        place, data = rest.split(b":")
        return self._written(place, bytes.fromhex(data.decode()))

    def _write_binary(self, rest: bytes) -> bytes:
        place, _, data = rest.partition(b":")
        return self._written(place, unescaped(data))

    def _written(self, place: bytes, data: bytes) -> bytes:
        address = int(place.split(b",")[0], 16)
        if data:
            self._view().write(address, data)
        return b"OK"

    # stops

    def _insert(self, rest: bytes) -> bytes:
        assert self._debugger is not None
        kind, address, size = rest.split(b";")[0].split(b",")
        at, core = int(address, 16), self._selected()
        if kind in (b"0", b"1"):
            if not self._same(at, core):
                self._debugger.add(f"*{at:#x}", core=core.tile)
            return b"OK"
        if kind not in _WATCHES:
            return _NOT_SERVED
        memory = self._view().bytes_at(at, int(size, 16))
        watched = Watched(memory, window=plain(at), on=_WATCHES[kind])
        self._debugger.watch(f"*{at:x}", watched)
        return b"OK"

    def _remove(self, rest: bytes) -> bytes:
        assert self._debugger is not None
        kind, address, _ = rest.split(b";")[0].split(b",")
        at, debugger = int(address, 16), self._debugger
        if kind in (b"0", b"1"):
            for number in self._same(at, self._selected()):
                debugger.delete(number)
        for one in [w for w in debugger.watchpoints if kind in _WATCHES]:
            if (one.wanted, one.watched.on) == (f"*{at:x}", _WATCHES[kind]):
                debugger.delete(one.number)
        return b"OK"

    def _same(self, at: int, core: Core) -> list[int]:
        """The numbers of the breakpoints at an address of a core."""
        assert self._debugger is not None
        wanted = (f"*{at:#x}", core.tile)
        return [b.number for b in self._debugger.breakpoints if (b.wanted, b.core) == wanted]

    # going on

    def _continue(self, rest: bytes) -> bytes | None:
        """vCont with its actions: the array goes on as a whole."""
        assert self._debugger is not None
        for action in rest.lstrip(b";").split(b";"):
            command, _, thread = action.partition(b":")
            core = self._of_thread(thread) or self._selected()
            plan = resumption(command, self._debugger.view(core))
            if plan is not None:
                self._debugger.step(plan)
                break
        return None

    def _continue_all(self, _rest: bytes) -> None:
        return None

    def _step(self, _rest: bytes) -> bytes | None:
        return self._continue(b"s")

    def _detach(self, _rest: bytes) -> bytes | None:
        assert self._connection is not None
        self._connection.send(b"OK")
        self._left("the debugger has detached; the run goes on without it")
        return None

    def _kill(self, rest: bytes) -> bytes | None:
        """vKill is answered, k is not."""
        assert self._connection is not None
        with suppress(DisconnectedError):
            if rest:
                self._connection.send(b"OK")
            self._connection.close()
        self._connection = None
        raise Quit

    def _monitor(self, rest: bytes) -> bytes:
        assert self._debugger is not None
        command = bytes.fromhex(rest.decode()).decode()
        showing = Showing(self._debugger, self._folders)
        try:
            text = monitor(showing, self._view(), command)
        except EmulatorError as error:
            text = f"error: {error}"
        return f"{text}\n".encode().hex().encode()

    def _file(self, rest: bytes) -> bytes:
        return self._files.answer(rest)

    def _okay(self, _rest: bytes) -> bytes:
        return b"OK"

    def _one(self, _rest: bytes) -> bytes:
        return b"1"

    def _end(self, _rest: bytes) -> bytes:
        return b"l"

    def _actions(self, _rest: bytes) -> bytes:
        return b"vCont;c;C;s;S;r"

    def _host(self, _rest: bytes) -> bytes:
        triple = b"riscv32-unknown-elf".hex().encode()
        return b"triple:%s;endian:little;ptrsize:4;" % triple

    def _process(self, _rest: bytes) -> bytes:
        return b"pid:1;" + self._host(b"")

    _ANSWERS: dict[bytes, Callable[[GdbServer, bytes], bytes | None]] = {
        b"qSupported": _supported,
        b"QStartNoAckMode": _okay,
        b"qXfer:": _transfer,
        b"qfThreadInfo": _threads,
        b"qsThreadInfo": _end,
        b"qThreadExtraInfo,": _extra,
        b"qAttached": _one,
        b"qRcmd,": _monitor,
        b"qSymbol": _okay,
        b"qHostInfo": _host,
        b"qProcessInfo": _process,
        b"qC": _current,
        b"vAttach;": _attach,
        b"vCont?": _actions,
        b"vCont": _continue,
        b"vFile:": _file,
        b"vKill": _kill,
        b"?": _status,
        b"!": _okay,
        b"H": _select,
        b"T": _alive,
        b"g": _all_registers,
        b"G": _write_registers,
        b"p": _register,
        b"P": _write_register,
        b"m": _read,
        b"M": _write,
        b"X": _write_binary,
        b"Z": _insert,
        b"z": _remove,
        b"c": _continue_all,
        b"s": _step,
        b"D": _detach,
        b"k": _kill,
    }
    """By the packet's beginning, longer ones in front of those that they begin with."""


def _hex(value: int, size: int) -> bytes:
    return (value & ((1 << 8 * size) - 1)).to_bytes(size, "little").hex().encode()

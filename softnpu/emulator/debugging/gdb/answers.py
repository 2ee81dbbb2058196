"""The answers to the protocol's packets while the array stands still."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from softnpu.emulator.debugging.gdb.description import REGISTERS, TARGET
from softnpu.emulator.debugging.gdb.files import Files
from softnpu.emulator.debugging.gdb.packets import escaped, unescaped
from softnpu.emulator.debugging.gdb.processes import Processes
from softnpu.emulator.debugging.gdb.resuming import resumption
from softnpu.emulator.debugging.showing import Showing, monitor
from softnpu.emulator.memcheck.seen import plain
from softnpu.emulator.observing.stops import On, Watched
from softnpu.errors import EmulatorError

if TYPE_CHECKING:
    from softnpu.emulator.cores.core import Core

TRAP = 5
"""SIGTRAP, as the protocol numbers it (gdb, signals.def)."""
_PACKET = 0x4000
_NOT_SERVED = b""
_ERROR = b"E01"
_MEMORY_ERROR = b"E0e"
_SUPPORTED = (
    f"PacketSize={_PACKET:x};QStartNoAckMode+;multiprocess+;swbreak+;hwbreak+;vContSupported+;"
    "qXfer:features:read+;qXfer:threads:read+;qXfer:exec-file:read+"
)
_WATCHES = {b"2": On.NOTHING, b"3": On.READ, b"4": On.READ | On.WRITE}
"""What a watchpoint of gdb's stops at; a write by what has changed, whoever has written it."""


class Detached(Exception):  # noqa: N818 (no error)
    """The client goes; the run goes on."""


class Killed(Exception):  # noqa: N818 (no error)
    """The client ends the run.

    Attributes:
        answered: whether it waits for an answer.
    """

    def __init__(self, answered: bool) -> None:
        super().__init__()
        self.answered = answered


class Answers:
    """Answers packets.

    Args:
        folders: where sources lie.
        say: shows the user a text.

    Attributes:
        latest: the packet that told of the latest stop.
    """

    def __init__(
        self, processes: Processes, folders: tuple[Path, ...], say: Callable[[str], None]
    ) -> None:
        self._processes = processes
        self._say = say
        self._folders = folders
        self._files = Files(processes.elfs)
        self.latest = processes.signal(TRAP, processes.core)

    def answer(self, packet: bytes) -> bytes | None:
        """The answer to a packet; None where the array goes on.

        Raises:
            Detached, Killed: the client leaves.
        """
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
        self._processes.several = b"multiprocess+" in rest
        self.latest = self._processes.signal(TRAP, self._processes.core)
        return _SUPPORTED.encode()

    def _status(self, _rest: bytes) -> bytes:
        return self.latest

    def _select(self, rest: bytes) -> bytes:
        core = self._processes.of_thread(rest[1:])
        if core is not None and rest[:1] == b"g":
            self._processes.core = core
        return b"OK"

    def _alive(self, rest: bytes) -> bytes:
        return b"OK" if self._processes.of_thread(rest) is not None else _ERROR

    def _current(self, _rest: bytes) -> bytes:
        return b"QC" + self._processes.thread(self._processes.core)

    def _threads(self, _rest: bytes) -> bytes:
        return b"m" + b",".join(map(self._processes.thread, self._processes.listed()))

    def _extra(self, rest: bytes) -> bytes:
        core = self._processes.of_thread(rest)
        return core.place.encode().hex().encode() if core is not None else _ERROR

    def _attach(self, rest: bytes) -> bytes:
        core = self._processes.all().get(int(rest, 16))
        if core is None:
            return _ERROR
        self._processes.core = core
        return self._processes.signal(TRAP, core)

    def _transfer(self, rest: bytes) -> bytes:
        object_, _, annex, span = rest.split(b":")
        start, length = (int(part, 16) for part in span.split(b","))
        if object_ == b"features" and annex == b"target.xml":
            content = TARGET
        elif object_ == b"threads":
            content = self._thread_list()
        elif object_ == b"exec-file":
            core = self._processes.of_thread(b"p%s.1" % annex) if annex else self._processes.core
            elf = None if core is None else self._processes.elf(core)
            content = "" if elf is None else str(elf.resolve())
        else:
            return b"E00"
        data = content.encode()
        part = data[start : start + length]
        return (b"m" if start + length < len(data) else b"l") + escaped(part)

    def _thread_list(self) -> str:
        known = self._processes
        threads = (
            f'<thread id="{known.thread(core).decode()}" core="{number}" name="{core.place}"/>'
            for number, core in enumerate(known.listed())
        )
        return f'<?xml version="1.0"?>\n<threads>{"".join(threads)}</threads>\n'

    def _all_registers(self, _rest: bytes) -> bytes:
        found = self._processes.view.registers()
        return b"".join(_hex(found[name], size) for name, size in REGISTERS)

    def _write_registers(self, rest: bytes) -> bytes:
        view, data = self._processes.view, bytes.fromhex(rest.decode())
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
        return _hex(self._processes.view.registers()[name], size)

    def _write_register(self, rest: bytes) -> bytes:
        number, value = rest.split(b"=")
        name, _ = REGISTERS[int(number, 16)]
        data = bytes.fromhex(value.decode())
        self._processes.view.write_register(name, int.from_bytes(data, "little"))
        return b"OK"

    def _read(self, rest: bytes) -> bytes:
        address, size = (int(part, 16) for part in rest.split(b","))
        return self._processes.view.read(address, min(size, _PACKET // 2 - 8)).hex().encode()

    def _write(self, rest: bytes) -> bytes:
        place, data = rest.split(b":")
        return self._written(place, bytes.fromhex(data.decode()))

    def _write_binary(self, rest: bytes) -> bytes:
        place, _, data = rest.partition(b":")
        return self._written(place, unescaped(data))

    def _written(self, place: bytes, data: bytes) -> bytes:
        address = int(place.split(b",")[0], 16)
        if data:
            self._processes.view.write(address, data)
        return b"OK"

    # stops

    def _insert(self, rest: bytes) -> bytes:
        kind, address, size = rest.split(b";")[0].split(b",")
        at, core = int(address, 16), self._processes.core
        if kind in (b"0", b"1"):
            if not self._same(at, core):
                self._processes.debugger.add(f"*{at:#x}", core=core.tile)
            return b"OK"
        if kind not in _WATCHES:
            return _NOT_SERVED
        memory = self._processes.view.bytes_at(at, int(size, 16))
        watched = Watched(memory, window=plain(at), on=_WATCHES[kind])
        self._processes.debugger.watch(f"*{at:x}", watched)
        return b"OK"

    def _remove(self, rest: bytes) -> bytes:
        kind, address, _ = rest.split(b";")[0].split(b",")
        at, debugger = int(address, 16), self._processes.debugger
        if kind in (b"0", b"1"):
            for number in self._same(at, self._processes.core):
                debugger.delete(number)
        for one in [w for w in debugger.watchpoints if kind in _WATCHES]:
            if (one.wanted, one.watched.on) == (f"*{at:x}", _WATCHES[kind]):
                debugger.delete(one.number)
        return b"OK"

    def _same(self, at: int, core: Core) -> list[int]:
        """The numbers of the breakpoints at an address of a core."""
        wanted = (f"*{at:#x}", core.tile)
        return [
            b.number for b in self._processes.debugger.breakpoints if (b.wanted, b.core) == wanted
        ]

    # going on

    def _continue(self, rest: bytes) -> bytes | None:
        """vCont with its actions: the array goes on as a whole."""
        for action in rest.lstrip(b";").split(b";"):
            command, _, thread = action.partition(b":")
            core = self._processes.of_thread(thread) or self._processes.core
            plan = resumption(command, self._processes.debugger.view(core))
            if plan is not None:
                self._processes.debugger.step(plan)
                break
        return None

    def _continue_all(self, _rest: bytes) -> None:
        return None

    def _step(self, _rest: bytes) -> bytes | None:
        return self._continue(b"s")

    def _monitor(self, rest: bytes) -> bytes:
        """Said as output: in an answer lldb would show it as it is sent, in hexadecimal."""
        command = bytes.fromhex(rest.decode()).decode()
        showing = Showing(self._processes.debugger, self._folders)
        try:
            text = monitor(showing, self._processes.view, command)
        except EmulatorError as error:
            text = f"error: {error}"
        self._say(text)
        return b"OK"

    def _detach(self, _rest: bytes) -> bytes | None:
        raise Detached

    def _kill(self, rest: bytes) -> bytes | None:
        """vKill is answered, k is not."""
        raise Killed(bool(rest))

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

    _ANSWERS: dict[bytes, Callable[[Answers, bytes], bytes | None]] = {
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

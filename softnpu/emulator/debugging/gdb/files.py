"""The files that gdb reads through the connection: the cores' programs, and no others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from softnpu.emulator.debugging.gdb.packets import escaped

_NO_SUCH_FILE, _BAD_DESCRIPTOR = 2, 9
"""errno of the protocol (gdb manual, Errno Values)."""
_STAT_SIZE = 64
_SIZE_AT = 28
"""Bytes of a `struct stat`, and where the file's size stands in it (gdb manual, struct stat)."""
_REGULAR = 0o100444


class Files:
    """Answers vFile packets.

    Args:
        known: the files that there are.
    """

    def __init__(self, known: Callable[[], Iterable[Path]]) -> None:
        self._known = known
        self._open: dict[int, bytes] = {}

    def answer(self, request: bytes) -> bytes:
        """The answer to what stands behind "vFile:"; empty for what is not served."""
        operation, _, rest = request.partition(b":")
        found = {
            b"setfs": self._set,
            b"open": self._opened,
            b"pread": self._read,
            b"close": self._close,
            b"fstat": self._stat,
        }.get(operation)
        return b"" if found is None else found(rest)

    def _set(self, _rest: bytes) -> bytes:
        return b"F0"

    def _opened(self, rest: bytes) -> bytes:
        name = bytes.fromhex(rest.split(b",")[0].decode()).decode()
        path = next((p for p in self._known() if str(p.resolve()) == name), None)
        if path is None:
            return b"F-1,%x" % _NO_SUCH_FILE
        number = max(self._open, default=0) + 1
        self._open[number] = path.read_bytes()
        return b"F%x" % number

    def _read(self, rest: bytes) -> bytes:
        number, count, offset = (int(part, 16) for part in rest.split(b","))
        if number not in self._open:
            return b"F-1,%x" % _BAD_DESCRIPTOR
        part = self._open[number][offset : offset + min(count, 0x1000)]
        return b"F%x;" % len(part) + escaped(part)

    def _close(self, rest: bytes) -> bytes:
        self._open.pop(int(rest, 16), None)
        return b"F0"

    def _stat(self, rest: bytes) -> bytes:
        content = self._open.get(int(rest, 16))
        if content is None:
            return b"F-1,%x" % _BAD_DESCRIPTOR
        stat = bytearray(_STAT_SIZE)
        stat[8:12] = _REGULAR.to_bytes(4, "big")
        stat[_SIZE_AT : _SIZE_AT + 8] = len(content).to_bytes(8, "big")
        return b"F%x;" % len(stat) + escaped(bytes(stat))

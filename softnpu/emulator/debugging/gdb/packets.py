"""Packets of the protocol over a connection: `$data#checksum`."""

from __future__ import annotations

import select
import socket
from contextlib import suppress

INTERRUPT = b"\x03"
_PATIENCE = 1.0
"""Seconds that the other end has to close after this one."""
_ESCAPE, _MASK = 0x7D, 0x20
_ESCAPED = frozenset(b"#$}*")


class DisconnectedError(Exception):
    """The other end has gone."""


def checksum(data: bytes) -> int:
    """The sum of all bytes, eight bits of it."""
    return sum(data) & 0xFF


def escaped(data: bytes) -> bytes:
    """Binary data with the bytes that mean something in a packet escaped."""
    out = bytearray()
    for byte in data:
        if byte in _ESCAPED:
            out += bytes([_ESCAPE, byte ^ _MASK])
        else:
            out.append(byte)
    return bytes(out)


def unescaped(data: bytes) -> bytes:
    """The inverse of `escaped`."""
    out, mask = bytearray(), 0
    for byte in data:
        if byte == _ESCAPE and not mask:
            mask = _MASK
        else:
            out.append(byte ^ mask)
            mask = 0
    return bytes(out)


class Connection:
    """Sends and receives packets.

    Attributes:
        acknowledges: whether each packet is answered with a `+`.
    """

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._waiting = b""
        self.acknowledges = True
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data: bytes) -> None:
        """Sends a packet; its acknowledgement is passed over when the next one is read."""
        self._write(b"$" + data + b"#%02x" % checksum(data))

    def receive(self) -> bytes:
        """The next packet's data, or INTERRUPT; waits for it.

        Raises:
            DisconnectedError: there is none any more.
        """
        while True:
            found = self._take()
            if found is not None:
                return found
            self._read()

    def interrupted(self) -> bool:
        """Whether an interrupt has come; does not wait."""
        while select.select([self._socket], [], [], 0)[0]:
            self._read()
        found = self._waiting.lstrip(b"+")
        if found.startswith(INTERRUPT):
            self._waiting = found[1:]
            return True
        return False

    def close(self) -> None:
        """Ends the connection once the other end has had all that was sent."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
            self._socket.settimeout(_PATIENCE)
            while self._socket.recv(1 << 16):
                pass
        self._socket.close()

    def _take(self) -> bytes | None:
        """What has come in already; None if it is no whole packet."""
        waiting = self._waiting.lstrip(b"+-")
        self._waiting = waiting
        if waiting.startswith(INTERRUPT):
            self._waiting = waiting[1:]
            return INTERRUPT
        start, end = waiting.find(b"$"), waiting.find(b"#")
        if start < 0 or end < 0 or len(waiting) < end + 3:
            return None
        data, told = waiting[start + 1 : end], waiting[end + 1 : end + 3]
        self._waiting = waiting[end + 3 :]
        whole = told.lower() == b"%02x" % checksum(data)
        if self.acknowledges:
            self._write(b"+" if whole else b"-")
        return data if whole else self._take()

    def _read(self) -> None:
        try:
            data = self._socket.recv(1 << 16)
        except OSError as error:
            raise DisconnectedError from error
        if not data:
            raise DisconnectedError
        self._waiting += data

    def _write(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise DisconnectedError from error

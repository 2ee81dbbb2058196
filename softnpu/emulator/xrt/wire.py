"""The calls of a C++ host as they come over its socket: softnpu/xrt/src/channel.h has the form.

A message is the length of what follows, 8 bytes, then fields: "i" and 8 bytes of a number, or "s",
8 bytes of a length and as many of text; little-endian. A file descriptor can come with an answer.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable

Field = int | str | bytes

_LENGTH = struct.Struct("<Q")
_NUMBER = struct.Struct("<cq")
_TEXT = struct.Struct("<cQ")


def receive(channel: socket.socket) -> list[int | bytes] | None:
    """The fields of the next message; None when the host is gone."""
    head = _exactly(channel, _LENGTH.size)
    if head is None:
        return None
    body = _exactly(channel, _LENGTH.unpack(head)[0])
    return None if body is None else _fields(body)


def _exactly(channel: socket.socket, count: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < count:
        try:
            part = channel.recv(min(count - len(parts), 1 << 20))
        except ConnectionResetError:
            return None
        if not part:
            return None
        parts += part
    return bytes(parts)


def _fields(body: bytes) -> list[int | bytes]:
    found: list[int | bytes] = []
    at = 0
    while at < len(body):
        if body[at : at + 1] == b"i":
            found.append(_NUMBER.unpack_from(body, at)[1])
            at += _NUMBER.size
        else:
            size = _TEXT.unpack_from(body, at)[1]
            at += _TEXT.size
            found.append(body[at : at + size])
            at += size
    return found


def send(channel: socket.socket, fields: Iterable[Field], descriptor: int | None = None) -> None:
    """Sends an answer; a host that is gone meanwhile hears nothing."""
    body = b"".join(map(_packed, fields))
    message = _LENGTH.pack(len(body)) + body
    try:
        if descriptor is not None:
            sent = socket.send_fds(channel, [message], [descriptor])
            message = message[sent:]
        channel.sendall(message)
    except (BrokenPipeError, ConnectionResetError):
        return


def _packed(field: Field) -> bytes:
    if isinstance(field, int):
        return _NUMBER.pack(b"i", field - (1 << 64) if field >= 1 << 63 else field)
    text = field.encode() if isinstance(field, str) else field
    return _TEXT.pack(b"s", len(text)) + text

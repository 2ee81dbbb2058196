"""How the values of operands are written in tests/data/aie2_points.jsonl.

The inputs of the measured programs are one stream of numbers, and most operands are a piece of
it: "@96" is as many bytes as the register has from its byte 96 on, "@96s16" 16-bit numbers from
there, extended to 32 bits. What is neither is written in hexadecimal digits, in memory order.
"""

from __future__ import annotations

import numpy as np


def _stream(size: int) -> bytes:
    """A linear congruential generator: x * 1103515245 + 12345 modulo 2**31, bits 16 to 23."""
    state, out = 42, bytearray()
    for _ in range(size):
        state = (state * 1103515245 + 12345) & 0x7FFF_FFFF
        out.append(state >> 16 & 0xFF)
    return bytes(out)


STREAM = _stream(8192)


def _extended(data: bytes) -> bytes:
    return np.frombuffer(data, "<i2").astype("<i4").tobytes()


def _narrow(value: bytes) -> bytes:
    return np.frombuffer(value, "<i4").astype("<i2").tobytes()


def spell(value: int | bytes) -> int | str:
    """A register's value as the file has it."""
    if isinstance(value, int):
        return value
    if not any(value):
        return "0"
    if (at := STREAM.find(value)) >= 0:
        return f"@{at}"
    narrow = _narrow(value)
    if _extended(narrow) == value and (at := STREAM.find(narrow)) >= 0:
        return f"@{at}s16"
    return value.hex()


def parse(text: int | str, size: int) -> int | bytes:
    """The value of a register of `size` bytes."""
    if isinstance(text, int):
        return text
    if text == "0":
        return bytes(size)
    if not text.startswith("@"):
        return bytes.fromhex(text)
    start, _, extended = text[1:].partition("s")
    at = int(start)
    return _extended(STREAM[at : at + size // 2]) if extended else STREAM[at : at + size]

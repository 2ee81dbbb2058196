"""Binary words written as text: a hexadecimal number a line, `#` before a comment.

mlir-aie wrote instruction streams so until 2025, and its hosts write traces so to this day; AMD's
VTD keeps its sequences so, with comments.
"""

from __future__ import annotations

import re

from softnpu.errors import FormatError
from softnpu.formats.records import Bytes, word_bytes

_WORD = re.compile(rb"[0-9a-fA-F]{8}|0[xX][0-9a-fA-F]{1,8}")


def parse(data: Bytes, *, cut: bool = False) -> bytes:
    """The words in a text, little-endian.

    Args:
        cut: the last line may be a piece of one, and is left out.

    Raises:
        FormatError: a line that is something else, or no words at all.
    """
    lines = bytes(data).splitlines()
    found: list[int] = []
    for number, line in enumerate(lines[:-1] if cut else lines, 1):
        for word in line.partition(b"#")[0].split():
            if _WORD.fullmatch(word) is None:
                shown = word[:20].decode(errors="replace")
                raise FormatError(f"line {number}: '{shown}' is no word of 8 hexadecimal digits")
            found.append(int(word, 16))
    if not found:
        raise FormatError("a text without a word")
    return word_bytes(found)


_BYTES = re.compile(rb"[0-9a-fA-F]{8}")


def parse_ascii_cdo(data: Bytes) -> bytes:
    """The bytes of a CDO that Vivado wrote as text: four a line, behind lines of a header.

    Raises:
        FormatError: a line that is something else, or nothing behind the header.
    """
    head, _, body = bytes(data).partition(b"Bits:")
    first = head.count(b"\n") + 2
    found = bytearray()
    for number, line in enumerate(body.splitlines()[1:], first):
        if _BYTES.fullmatch(line.strip()) is None:
            shown = line[:20].decode(errors="replace")
            raise FormatError(f"line {number}: '{shown}' is no word of 8 hexadecimal digits")
        found += bytes.fromhex(line.decode())
    if not found:
        raise FormatError("no data behind the header of the CDO's text")
    return bytes(found)

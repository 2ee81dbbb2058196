"""What bootgen makes of several CDO files when it packs them into a PDI.

Addresses below 4 GiB get the 32-bit commands, a block write of one word becomes a write, and
no-ops align each block's data to its address.

Source: bootgen, cdo-binary.c (`encode_v2_cmd` with auto_align) and imageheadertable-versal.cpp
(`ParseCdos`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from softnpu.errors import FormatError
from softnpu.formats.cdo import (
    DELAY,
    DMA_WRITE,
    END_MARK,
    HEADER_WORDS,
    MASK_POLL,
    MASK_POLL64,
    MASK_WRITE,
    MASK_WRITE64,
    NOP,
    SET,
    SHORT_LENGTH_LIMIT,
    WRITE,
    WRITE64,
    Cdo,
    Command,
    arguments,
    encode,
    with_header,
    without_flags,
)


def merge(files: Sequence[Cdo]) -> bytes:
    """The one CDO that bootgen packs into a PDI, as bytes.

    Each file is rewritten by itself (alignment counts from its own header), then their commands
    follow one another under one header.
    """
    return with_header(b"".join(b"".join(_rewritten(cdo)) for cdo in files))


def _rewritten(cdo: Cdo) -> Iterator[bytes]:
    position = HEADER_WORDS
    for command in cdo.commands:
        if command.code == END_MARK:
            return
        for encoded in map(encode, _bootgen_commands(command, position)):
            yield encoded
            position += len(encoded) // 4


_NARROW = {WRITE64: WRITE, MASK_WRITE64: MASK_WRITE, MASK_POLL64: MASK_POLL}
_PLAIN = frozenset((WRITE, MASK_WRITE, MASK_POLL, DELAY, SET, NOP))


def _bootgen_commands(command: Command, position: int) -> list[Command]:
    if command.code in _NARROW:
        if command.payload[:4] == bytes(4):
            return [without_flags(Command(_NARROW[command.code], command.payload[4:]))]
        return [without_flags(command)]
    if command.code == DMA_WRITE:
        return _bootgen_block(command, position)
    if command.code in _PLAIN:
        return [without_flags(command)]
    raise FormatError(f"CDO command {command.name} ({command.code:#x}) cannot be packed into a PDI")


def _bootgen_block(command: Command, position: int) -> list[Command]:
    high, low = arguments(command, 2, at_least=True)
    data = command.payload[8:]
    if len(data) == 4:
        if high:
            return [Command(WRITE64, command.payload)]
        return [Command(WRITE, command.payload[4:])]
    before_data = 3 if 2 + len(data) // 4 < SHORT_LENGTH_LIMIT else 4
    padding = ((low >> 2) - position - before_data) % 4
    return [Command(NOP, bytes(4 * (padding - 1))), command] if padding else [command]

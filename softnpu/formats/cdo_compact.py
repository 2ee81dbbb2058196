"""The compact form of a CDO that AMD ships in the PDIs of its own xclbins.

`xclbinutil --transform-pdi` makes it of a plain CDO, so that the firmware reads less: the commands
lose their headers and no-ops, runs of alike commands become groups, and the data of DMA writes move
behind all commands.

    CDO header, 5 words    as it was before: its length does not hold any more
    command zone           groups of: command number (low byte), count, count x arguments
    data zone              the data of the DMA writes, in the order of the commands

A DMA write's arguments are address high and low, offset into the data zone in bytes, and length in
words with bit 16 set when all of it is zeros in data memory. The length of the command zone is not
in here but in the PDI's partition header.

Source: XRT, xclbinutil's aie-pdi-transform (pdi-transform.c, cdo_cmd.c, load_pdi.h).
"""

from __future__ import annotations

from collections.abc import Iterator

from softnpu.errors import FormatError
from softnpu.formats.cdo import (
    COMMAND_NAMES,
    DMA_WRITE,
    HEADER_WORDS,
    MASK_WRITE,
    MASK_WRITE64,
    WRITE,
    WRITE64,
    Cdo,
    Command,
)
from softnpu.formats.records import Bytes, words

TRANSFORM_TYPE = 1
"""Commands and data apart: the only type that there is."""
_MARK = 0x8866

_NUMBER_MASK = 0xFF
_GENERAL = 0x100
"""What the group's number lacks of the command's: the module that handles it."""
_ARGUMENTS = {WRITE: 2, MASK_WRITE: 3, WRITE64: 3, MASK_WRITE64: 4, DMA_WRITE: 4}
"""Words of arguments by command."""
_LENGTH_MASK = 0xFFFF
_HEADER_BYTES = 4 * HEADER_WORDS


def check_word(command_bytes: int, kind: int = TRANSFORM_TYPE) -> int:
    """What a partition header holds beside type and command zone's length to vouch for them."""
    swapped_kind = (kind & 0xFF) << 8 | kind >> 8
    swapped_length = (command_bytes & 0xFFFF) << 16 | command_bytes >> 16
    return _MARK | swapped_kind | swapped_length


def parse(data: Bytes, command_bytes: int) -> Cdo:
    """The commands in a partition's `data`, as a plain CDO has them, without no-ops.

    Older versions of the tool forgot the 20 bytes of the CDO's header when they wrote the file, so
    that its end is missing; as much is taken for zeros.

    Args:
        data: from the CDO's header to the end of the file.
        command_bytes: length of the command zone.

    Raises:
        FormatError: zones that do not fit, or a command that the form does not have.
    """
    start = _HEADER_BYTES
    if command_bytes % 4 or start + command_bytes > len(data):
        raise FormatError(
            f"the compact CDO's command zone of {command_bytes} bytes does not fit in the "
            f"{len(data)} bytes that there are"
        )
    zone = words(memoryview(data)[start : start + command_bytes])
    store = bytes(data[start + command_bytes :]) + bytes(_HEADER_BYTES)
    return Cdo(tuple(_commands(zone, store)))


def missing(data: Bytes, command_bytes: int) -> int:
    """Bytes that the end of the data zone lacks (see `parse`)."""
    used = sum(
        len(command.payload) - 8
        for command in parse(data, command_bytes).commands
        if command.code == DMA_WRITE
    )
    return max(0, used - (len(data) - _HEADER_BYTES - command_bytes))


def _commands(zone: tuple[int, ...], store: bytes) -> Iterator[Command]:
    taken = 0
    for code, arguments in _groups(zone):
        if code != DMA_WRITE:
            yield Command(code, _packed(arguments))
            continue
        high, low, offset, length = arguments
        size = 4 * (length & _LENGTH_MASK)
        if offset != taken or offset + size > len(store):
            raise FormatError(
                f"the compact CDO's write to {high << 32 | low:#x} takes {size} bytes at {offset} "
                f"of the data zone, where {taken} of {len(store) - _HEADER_BYTES} are taken"
            )
        taken += size
        yield Command(DMA_WRITE, _packed((high, low)) + store[offset : offset + size])


def _groups(zone: tuple[int, ...]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Each command's number with its arguments."""
    at = 0
    while at < len(zone):
        code = _GENERAL | zone[at] & _NUMBER_MASK
        size = _ARGUMENTS.get(code)
        where = _HEADER_BYTES + 4 * at
        if size is None:
            name = COMMAND_NAMES.get(code, "unknown")
            raise FormatError(
                f"the compact CDO has a group of commands {zone[at]:#x} ({name}) at byte "
                f"{where:#x}; it can hold write, mask_write, dma_write, write64 and mask_write64"
            )
        count = zone[at + 1] if at + 1 < len(zone) else 1
        at += 2
        if at + count * size > len(zone):
            raise FormatError(
                f"the compact CDO's group at byte {where:#x} says {count} commands, "
                f"but only {max(len(zone) - at, 0)} words are left"
            )
        for _ in range(count):
            yield code, zone[at : at + size]
            at += size


def _packed(values: tuple[int, ...]) -> bytes:
    return b"".join(value.to_bytes(4, "little") for value in values)

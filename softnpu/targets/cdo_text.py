"""What a CDO file does, line by line, as `aie-translate --cdo-debug` tells it.

Source: bootgen, cdo-driver/cdo_driver.c. Where that names an address in its own memory, here is
the word's place in the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from softnpu.formats import operations as ops
from softnpu.formats.cdo import HEADER_WORDS, encode, operation_of, parse


def lines(data: bytes, written: Iterable[ops.Operation]) -> Iterator[str]:
    """The lines for a CDO file.

    Args:
        written: the operations that it was made from; in the file, a block set is a block write.
    """
    sources = iter([one for one in written if not isinstance(one, ops.Nop)])
    at = 4 * HEADER_WORDS
    for command in parse(data).commands:
        operation = operation_of(command)
        at += len(encode(command))
        if isinstance(operation, ops.Nop):
            yield f"(NOP Command): Payload Length: {operation.words} "
        elif operation is not None:
            yield from _told(operation, next(sources, operation), at)


def _told(operation: ops.Operation, source: ops.Operation, end: int) -> Iterator[str]:
    """`end`: the byte behind the operation."""
    match operation:
        case ops.Write(address, value):
            yield f"(Write64): Address:  {_address(address)} Data:  {_word(value)}  "
        case ops.MaskWrite(address, mask, value):
            yield (
                f"(MaskWrite64): Address: {_address(address)}  Mask: {_word(mask)}  "
                f"Data: {_word(value)} "
            )
        case ops.MaskPoll(address, mask, value, timeout):
            yield (
                f"(MaskPoll64): Address: {_address(address)}  Mask: {_word(mask)}  "
                f"Expected Value: {_word(value)}  Timeout(ms): {_word(timeout)} "
            )
        case ops.BlockWrite(address, data):
            sets, words = isinstance(source, ops.BlockSet), len(data) // 4
            kind = "BlockSet-DMAWriteCmd):" if sets else "BlockWrite-DMAWriteCmd): "
            yield f"({kind}Start Address: {_address(address)}  Size: {words}"
            for at in range(0, len(data), 4):
                place = "" if sets else f"@ {end - len(data) + at:#x}"
                value = int.from_bytes(data[at : at + 4], "little")
                yield f"    Address: {_address(address + at)}  Data{place} is: {_word(value)} "
            yield ""


def _address(number: int) -> str:
    return f"0x{number:016X}"


def _word(number: int) -> str:
    return f"0x{number:08X}"

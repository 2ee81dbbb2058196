"""Applies device operations to the array: one executor for CDOs and instruction streams."""

from __future__ import annotations

from collections.abc import Iterable

from softnpu.emulator.array.array import Array
from softnpu.errors import EmulatorError
from softnpu.formats.operations import (
    BlockSet,
    BlockWrite,
    Custom,
    Delay,
    MaskPoll,
    MaskWrite,
    Nop,
    Operation,
    Write,
)
from softnpu.formats.txn_encodings import opcode_name

_WORD = 4


def apply(array: Array, operation: Operation, stream: str = "an array configuration") -> None:
    """Applies an operation of `stream` that needs neither host nor waiting.

    Raises:
        EmulatorError: the operation belongs to the controller, or is not modelled.
    """
    match operation:
        case Write(address, value):
            array.write(address, value)
        case MaskWrite(address, mask, value):
            mask_write(array, address, mask, value)
        case BlockWrite(address, data):
            array.write_block(address, data)
        case BlockSet(address, value, count):
            array.write_block(address, value.to_bytes(_WORD, "little") * count)
        case Nop() | Delay():
            pass
        case _:
            raise EmulatorError(f"{named(operation)} is not modelled in {stream}")


def named(operation: Operation) -> str:
    """What an operation is called: its code's name where it has no class of its own."""
    if isinstance(operation, Custom):
        name = opcode_name(operation.code)
        return f"operation {name} ({operation.code:#04x}, {operation.payload.hex(' ', 4)})"
    return str(operation)


def mask_write(array: Array, address: int, mask: int, value: int) -> None:
    """Changes the bits of `mask`; a mask of all ones needs no read."""
    if mask == 0xFFFFFFFF:
        array.write(address, value)
    else:
        array.write(address, array.read(address) & ~mask | value & mask)


def holds(array: Array, poll: MaskPoll) -> bool:
    """Whether a polled register has its value."""
    return array.read(poll.address) & poll.mask == poll.value


def configure(array: Array, operations: Iterable[Operation]) -> None:
    """Runs an array configuration (a CDO) from start to end.

    Raises:
        EmulatorError: a poll that does not hold, or an operation that is not modelled.
    """
    for operation in operations:
        if not isinstance(operation, MaskPoll):
            apply(array, operation)
        elif not holds(array, operation):
            raise EmulatorError(f"the configuration polls {operation}, which never holds")

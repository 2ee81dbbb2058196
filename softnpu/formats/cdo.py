"""Configuration data objects: the commands that set up an array before it runs.

A CDO is a header and a list of commands. Two views of it are here:

* `parse` and `build`: the commands as they are stored, byte for byte;
* `operations` and `from_operations`: the register operations that they mean, and the commands
  that mlir-aie's CDO backend writes for them (64-bit addresses, payloads aligned by no-ops).

Sources: bootgen, cdo-binary.c and cdo-driver/cdo_driver.c.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from softnpu.errors import FormatError
from softnpu.formats.identify import FileKind, identify, wrong_kind
from softnpu.formats.operations import (
    BlockSet,
    BlockWrite,
    Delay,
    MaskPoll,
    MaskWrite,
    Nop,
    Operation,
    Write,
)
from softnpu.formats.records import Bytes, Record, raw, u32, word_bytes, words

VERSION = 0x200
HEADER_WORDS = 5
_REMAINING_WORDS = 4
_IDENTIFICATION = b"CDO\0"

END_MARK = 0x100
MASK_POLL = 0x101
MASK_WRITE = 0x102
WRITE = 0x103
DELAY = 0x104
DMA_WRITE = 0x105
MASK_POLL64 = 0x106
MASK_WRITE64 = 0x107
WRITE64 = 0x108
SET = 0x10C
NOP = 0x111

COMMAND_NAMES: dict[int, str] = {
    END_MARK: "end",
    MASK_POLL: "mask_poll",
    MASK_WRITE: "mask_write",
    WRITE: "write",
    DELAY: "delay",
    DMA_WRITE: "dma_write",
    MASK_POLL64: "mask_poll64",
    MASK_WRITE64: "mask_write64",
    WRITE64: "write64",
    0x109: "dma_xfer",
    0x10A: "init_seq",
    0x10B: "cframe_read",
    SET: "set",
    0x10D: "dma_write_keyhole",
    0x10E: "ssit_sync_master",
    0x10F: "ssit_sync_slaves",
    0x110: "ssit_wait_slaves",
    NOP: "nop",
    0x112: "get_device_id",
    0x113: "event_logging",
    0x114: "set_board",
    0x115: "get_board",
    0x116: "set_plm_wdt",
    0x117: "log_string",
    0x118: "log_address",
    0x119: "marker",
    0x11A: "proc",
    0x11B: "begin",
    0x11C: "block_end",
    0x11D: "break",
    0x11E: "ot_check",
    0x11F: "psm_sequence",
    0x120: "plm_update",
    0x121: "scatter_write",
    0x122: "scatter_write2",
    0x123: "tamper_trigger",
    0x125: "set_ipi_access",
}
"""Names of the general commands (bootgen, cdo-binary.c), as its source form spells them."""

_MODULE_SHIFT, _GENERAL = 8, 1
"""A command's high byte is the module of the platform manager that it is for."""

SHORT_LENGTH_LIMIT = 255
"""From this many words of payload on, the length takes a word of its own."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command as stored: its number, and its arguments as whole little-endian words."""

    code: int
    payload: bytes = b""

    @property
    def name(self) -> str:
        """The command's name, or its number if it has none."""
        return COMMAND_NAMES.get(self.code, f"command {self.code:#x}")

    @property
    def is_general(self) -> bool:
        """Whether it is about registers and the like, not about a Versal's power management."""
        return self.code >> _MODULE_SHIFT == _GENERAL


@dataclass(frozen=True)
class Cdo:
    """A configuration data object: its commands, in the order of execution."""

    commands: tuple[Command, ...]
    version: int = VERSION


@dataclass(frozen=True)
class _Header(Record):
    """The CDO's header: five words."""

    remaining: int = u32(_REMAINING_WORDS)
    identification: bytes = raw(4, _IDENTIFICATION)
    version: int = u32(VERSION)
    length: int = u32()
    checksum: int = u32()


def parse(data: Bytes) -> Cdo:
    """The CDO in `data`, which it must fill.

    Raises:
        FormatError: not a CDO, cut off, a wrong checksum or a command that does not fit.
    """
    size = byte_size(data)
    if size != len(data):
        state = "cut off" if len(data) < size else "followed by something else"
        raise FormatError(
            f"the CDO's header says {size} bytes, there are {len(data)}: it is {state}"
        )
    return Cdo(tuple(command for _, command in _commands(data)))


def byte_size(data: Bytes) -> int:
    """Bytes of the CDO that `data` begins with, as its header says.

    Raises:
        FormatError: not a CDO, or a header that is damaged.
    """
    if identify(data) is not FileKind.CDO:
        raise wrong_kind(data, FileKind.CDO)
    header = _Header.read(data)
    _check_header(header, data)
    return 4 * (HEADER_WORDS + header.length)


def build(cdo: Cdo) -> bytes:
    """The bytes of `cdo`."""
    body = b"".join([encode(command) for command in cdo.commands])
    return with_header(body, cdo.version)


def with_header(body: bytes, version: int = VERSION) -> bytes:
    """Encoded commands behind a CDO header."""
    head = _Header(version=version, length=len(body) // 4).write()[:-4]
    return head + word_bytes([checksum(head)]) + body


def checksum(data: Bytes) -> int:
    """What makes the sum of the words in `data` complete: its complement, modulo 2**32."""
    return ~sum(words(data)) & 0xFFFFFFFF


def _check_header(header: _Header, data: Bytes) -> None:
    if header.remaining != _REMAINING_WORDS:
        order = " (big-endian)" if header.remaining == _REMAINING_WORDS << 24 else ""
        raise FormatError(
            f"the CDO's header should start with {_REMAINING_WORDS}, "
            f"it starts with {header.remaining:#x}{order}"
        )
    if header.version != VERSION:
        raise FormatError(f"CDO of version {header.version:#x}; only {VERSION:#x} is known")
    if not header.length and not header.checksum:
        raise FormatError(
            "the CDO's header was never filled in, its length and checksum are 0: the tool that"
            " wrote the file did not get to its end"
        )
    if header.checksum != (expected := checksum(data[: 4 * _REMAINING_WORDS])):
        raise FormatError(
            f"the CDO header's checksum at byte 0x10 should be {expected:#010x}, "
            f"it is {header.checksum:#010x}"
        )


def _commands(data: Bytes) -> Iterator[tuple[int, Command]]:
    """Each command with the byte where it starts."""
    view = memoryview(data)
    at, end = 4 * HEADER_WORDS, len(data)
    while at < end:
        start = at
        head = int.from_bytes(view[at : at + 4], "little")
        code, length = head & 0xFFFF, head >> 16 & 0xFF
        at += 4
        if head >> 24:
            raise FormatError(f"word {head:#010x} at byte {start:#x} is no CDO command")
        if length == SHORT_LENGTH_LIMIT:
            length = int.from_bytes(view[at : at + 4], "little")
            at += 4
        if at + 4 * length > end:
            name = COMMAND_NAMES.get(code, f"{code:#x}")
            raise FormatError(
                f"command {name} at byte {start:#x} takes {4 * length} bytes of arguments, "
                f"but only {max(end - at, 0)} are left"
            )
        yield start, Command(code, bytes(view[at : at + 4 * length]))
        at += 4 * length


def encode(command: Command) -> bytes:
    """One command as bytes; FormatError if it is no whole words."""
    length, rest = divmod(len(command.payload), 4)
    if rest:
        raise FormatError(f"command {command.name}: the payload is no whole words")
    if not 0 <= command.code <= 0xFFFF:
        raise FormatError(f"command {command.code:#x}: the number does not fit in 16 bits")
    if length < SHORT_LENGTH_LIMIT:
        head = word_bytes([length << 16 | command.code])
    else:
        head = word_bytes([SHORT_LENGTH_LIMIT << 16 | command.code, length])
    return head + command.payload


# register operations


def operations(cdo: Cdo) -> tuple[Operation, ...]:
    """What the commands mean; FormatError for one that is not about registers."""
    return tuple(
        operation for command in cdo.commands if (operation := operation_of(command)) is not None
    )


def operation_of(command: Command) -> Operation | None:
    """What one command means, None for the end mark; FormatError if it is not supported."""
    if command.code == DMA_WRITE:
        high, low = arguments(command, 2, at_least=True)[:2]
        return BlockWrite(high << 32 | low, command.payload[8:])
    if command.code == NOP:
        return Nop(len(command.payload) // 4)
    if command.code == END_MARK:
        return None
    return _fixed_operation(command)


def _fixed_operation(command: Command) -> Operation:
    decoder = _DECODERS.get(command.code)
    if decoder is None:
        known = COMMAND_NAMES.get(command.code, "without a name")
        raise FormatError(f"CDO command {known} ({command.code:#x}) is not supported")
    return decoder(command)


def _read_write(command: Command) -> Operation:
    return Write(*arguments(command, 2))


def _read_write64(command: Command) -> Operation:
    high, low, value = arguments(command, 3)
    return Write(high << 32 | low, value)


def _read_mask_write(command: Command) -> Operation:
    return MaskWrite(*arguments(command, 3))


def _read_mask_write64(command: Command) -> Operation:
    high, low, mask, value = arguments(command, 4)
    return MaskWrite(high << 32 | low, mask, value)


def _read_mask_poll(command: Command) -> Operation:
    address, mask, value, timeout = arguments(without_flags(command), 4)
    return MaskPoll(address, mask, value, timeout)


def _read_mask_poll64(command: Command) -> Operation:
    high, low, mask, value, timeout = arguments(without_flags(command), 5)
    return MaskPoll(high << 32 | low, mask, value, timeout)


def without_flags(command: Command) -> Command:
    """A poll without the flags and the error code that it may carry as zeros at its end."""
    required = {MASK_POLL: 16, MASK_POLL64: 20}.get(command.code)
    if required is None or len(command.payload) <= required:
        return command
    extra = command.payload[required:]
    if not any(extra):
        return Command(command.code, command.payload[:required])
    if len(extra) == 8 and not any(extra[4:]):
        return Command(command.code, command.payload[: required + 4])
    return command


def _read_set(command: Command) -> Operation:
    high, low, count, value = arguments(command, 4)
    return BlockSet(high << 32 | low, value, count)


def _read_delay(command: Command) -> Operation:
    return Delay(*arguments(command, 1))


_DECODERS: dict[int, Callable[[Command], Operation]] = {
    WRITE: _read_write,
    WRITE64: _read_write64,
    MASK_WRITE: _read_mask_write,
    MASK_WRITE64: _read_mask_write64,
    MASK_POLL: _read_mask_poll,
    MASK_POLL64: _read_mask_poll64,
    SET: _read_set,
    DELAY: _read_delay,
}


def arguments(command: Command, count: int, *, at_least: bool = False) -> tuple[int, ...]:
    """The first `count` argument words; FormatError if the command does not have that many."""
    found = len(command.payload) // 4
    if found != count and not (at_least and found > count):
        raise FormatError(
            f"CDO command {command.name} has {count} arguments"
            f"{' at least' if at_least else ''}, found {found}"
        )
    return words(command.payload[: 4 * count])


def from_operations(written: Iterable[Operation]) -> Cdo:
    """The CDO that mlir-aie writes for register operations (cdo_driver.c).

    It starts with a no-op (bootgen takes a header alone for invalid), every address has 64 bits,
    and a no-op aligns the data of a block write to 16 bytes of the file.
    """
    commands = [Command(NOP)]
    at = 4 * HEADER_WORDS + 4
    for operation in written:
        for command in _driver_commands(operation, at):
            commands.append(command)
            at += len(encode(command))
    return Cdo(tuple(commands))


def _driver_commands(operation: Operation, at: int) -> list[Command]:
    match operation:
        case Write(address, value):
            return [_command(WRITE64, operation, *_halves(address), value)]
        case MaskWrite(address, mask, value):
            return [_command(MASK_WRITE64, operation, *_halves(address), mask, value)]
        case MaskPoll(address, mask, value, timeout, False):
            return [_command(MASK_POLL64, operation, *_halves(address), mask, value, timeout)]
        case BlockWrite(address, data):
            return _driver_block(address, data, at)
        case BlockSet(address, value, count):
            return _driver_block(address, word_bytes([value]) * count, at)
        case Nop(count):
            return [Command(NOP, bytes(4 * count))]
    raise FormatError(f"a CDO cannot hold {operation}")


def _driver_block(address: int, data: bytes, at: int) -> list[Command]:
    length = 2 + len(data) // 4
    # The driver's own padding counts the long form's extra word only past 255 words of length,
    # although it already writes that form at 255.
    before_data = 12 if length <= SHORT_LENGTH_LIMIT else 16
    padding = -(at + before_data) % 16
    block = _dma_write(address, data)
    return [Command(NOP, bytes(padding - 4)), block] if padding else [block]


def _dma_write(address: int, data: bytes) -> Command:
    return Command(DMA_WRITE, word_bytes(_halves(address)) + data)


def _halves(address: int) -> list[int]:
    return [address >> 32, address & 0xFFFFFFFF]


def _command(code: int, operation: Operation, *arguments: int) -> Command:
    if any(not 0 <= argument <= 0xFFFFFFFF for argument in arguments):
        raise FormatError(f"{operation} does not fit in 32-bit words")
    return Command(code, word_bytes(arguments))

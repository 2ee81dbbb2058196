"""Control code of a job as the controller executes it, and as it is made of an instruction stream.

In a job the host has written all addresses into the stream before it runs; what the stream itself
says of patches is passed over (aiebu leaves it in). Here the places that the host writes to become
patches of the stream again, so that reports know the buffers. Sources: aiebu,
aie2_blob_preprocessor_input.cpp (`process_txn`, `patch_helper`); XRT, elf_patcher.cpp.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from softnpu.errors import FormatError
from softnpu.formats import txn
from softnpu.formats.job import (
    CONTROL_PACKETS,
    PDI,
    SCRATCHPAD,
    ControlCode,
    Patch,
    Scheme,
)
from softnpu.formats.operations import (
    APERTURE,
    AddressPatch,
    BlockWrite,
    CreateScratchpad,
    LoadPdi,
    Operation,
)
from softnpu.formats.records import word_bytes, words

_DESCRIPTOR = 0x20
"""Bytes that a shim's descriptor takes, of which the second and third word hold the address."""
_LOW, _HIGH = 1, 2
_HIGH_BITS = 0xFFFF
_LOCATION = 8
"""Where an operation that loads from the host has the address: both kinds, in bytes."""
_WORD = 4


@dataclass(frozen=True)
class Stream:
    """What the controller gets of control code.

    Attributes:
        instructions: the stream, its patches counting arguments from 0.
        scratchpad: bytes of the scratchpad that it fetches, 0 for none.
        pdis: the sections of the PDIs that it loads, by the ids that it loads them by.
    """

    instructions: bytes
    scratchpad: int
    pdis: Mapping[int, str]


def stream(code: ControlCode, first: int, packets: int) -> Stream:
    """The stream of control code.

    Args:
        first: which of the kernel's arguments is its first buffer.
        packets: what the buffer of control packets is counted as, from 0.

    Raises:
        FormatError: it is patched in a way that is not modelled, or is no instruction stream.
    """
    parsed = txn.parse(code.text)
    if txn.build(parsed) != code.text:
        raise FormatError("the control code of the job is laid out as no known tool does")
    made = _Patching(code.patches, first, packets)
    operations = [
        written
        for operation, (start, size) in zip(parsed.operations, txn.places(parsed), strict=True)
        for written in made.written(operation, start, size)
    ]
    if made.left:
        patch = next(iter(made.left.values()))
        raise FormatError(
            f"byte {patch.offset:#x} of the job's control code is patched with '{patch.symbol}' "
            f"({patch.scheme.name}), and nothing that takes an address lies there"
        )
    instructions = txn.build(replace(parsed, operations=tuple(operations)))
    return Stream(instructions, made.scratchpad, made.pdis)


class _Patching:
    """Puts patches behind the operations that they change.

    Attributes:
        left: those of which the operation has not been met, by their offset and symbol.
    """

    def __init__(self, patches: tuple[Patch, ...], first: int, packets: int) -> None:
        self.left = {(patch.offset, patch.symbol): patch for patch in patches}
        self.scratchpad = 0
        self.pdis: dict[int, str] = {}
        self._first = first
        self._packets = packets

    def written(self, operation: Operation, start: int, size: int) -> Iterator[Operation]:
        """An operation of the stream that lies there, and the patches in it."""
        if isinstance(operation, AddressPatch):
            return
        yield operation
        inside = [patch for patch in self.left.values() if start <= patch.offset < start + size]
        for patch in inside:
            del self.left[patch.offset, patch.symbol]
            match operation:
                case BlockWrite(address, data) if patch.scheme is Scheme.SHIM_DMA_48:
                    yield self._address(patch, address, data, start + size - len(data))
                case LoadPdi(id) if self._is_location(patch, start):
                    self.pdis[id] = patch.symbol
                case CreateScratchpad() if self._is_location(patch, start):
                    self.scratchpad = patch.size
                case _:
                    raise FormatError(
                        f"{type(operation).__name__} of the job's control code is patched with "
                        f"'{patch.symbol}' ({patch.scheme.name}), which is not modelled"
                    )

    @staticmethod
    def _is_location(patch: Patch, start: int) -> bool:
        return patch.scheme is Scheme.ADDRESS_64 and patch.offset == start + _LOCATION

    def _address(self, patch: Patch, address: int, data: bytes, at: int) -> AddressPatch:
        """The patch of the descriptor that begins there in what a block write writes."""
        place = patch.offset - at
        known = words(data[place : place + (_HIGH + 1) * _WORD])
        if place % _WORD or len(known) <= _HIGH:
            raise FormatError(f"byte {patch.offset:#x} of the job's control code is no descriptor")
        begin = (known[_HIGH] & _HIGH_BITS) << 32 | known[_LOW]
        start = begin + patch.addend
        argument = self._argument(patch.symbol)
        if start >= APERTURE:
            raise FormatError(
                f"the job translates the address of buffer argument {argument} (counted from 0), "
                "which XRT does for all of a job's: on hardware the transfer misses the buffer; "
                "the stream was made for an xclbin (fold-ddr-addr-offset)"
            )
        return AddressPatch.translated(address + place + _LOW * _WORD, argument, start)

    def _argument(self, symbol: str) -> int:
        if symbol == CONTROL_PACKETS:
            return self._packets
        if symbol.isdigit() and int(symbol) >= self._first:
            return int(symbol) - self._first
        raise FormatError(
            f"a descriptor of the job's control code is patched with '{symbol}', which is neither "
            f"an argument from {self._first} on nor its control packets"
        )


def assembled(
    text: bytes, first: int, code: ControlCode, packets: int | None = None
) -> ControlCode:
    """Control code of an instruction stream, as aiebu makes it.

    Where a stream translates addresses itself, as for an xclbin, that is left to the host, which
    does so for every argument of a job.

    Args:
        text: the stream; its own patches say what is patched.
        first: which of the kernel's arguments is its first buffer: 3 with an xclbin, 0 else.
        code: what else is known of it.
        packets: the buffer, counted from 0, that its control packets are.

    Raises:
        FormatError: a patch of the stream has no descriptor before it.
    """
    parsed = txn.parse(text)
    patched = bytearray(text)
    patches: list[Patch] = []
    descriptors: dict[int, int] = {}
    for operation, (start, size) in zip(parsed.operations, txn.places(parsed), strict=True):
        match operation:
            case BlockWrite(address, data):
                at = start + size - len(data)
                for step in range(0, len(data), _DESCRIPTOR):
                    descriptors[address + step] = at + step
            case AddressPatch(address, argument):
                begin = descriptors.get(address - _LOW * _WORD)
                if begin is None:
                    raise FormatError(f"no block write precedes the patch of {address:#x}")
                _clear_address(patched, begin)
                symbol = CONTROL_PACKETS if argument == packets else str(argument + first)
                length = _WORD * int.from_bytes(patched[begin : begin + _WORD], "little")
                patches.append(Patch(begin, symbol, Scheme.SHIM_DMA_48, operation.start, length))
            case LoadPdi(id):
                where = start + _LOCATION
                patches.append(Patch(where, f"{PDI}.{id}", Scheme.ADDRESS_64))
            case CreateScratchpad(table):
                where = start + _LOCATION
                patches.append(Patch(where, SCRATCHPAD, Scheme.ADDRESS_64, 0, table))
    return replace(code, text=bytes(patched), patches=tuple(patches))


def _clear_address(text: bytearray, at: int) -> None:
    low, high = words(text[at + _LOW * _WORD : at + (_HIGH + 1) * _WORD])
    del low
    text[at + _LOW * _WORD : at + (_HIGH + 1) * _WORD] = word_bytes([0, high & ~_HIGH_BITS])

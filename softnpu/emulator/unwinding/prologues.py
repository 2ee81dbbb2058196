"""The calls of AIE2 and AIE2P code, which has no call frame information: read off its functions.

What a compiler for these cores writes is what is looked for (llvm-aie, AIEBaseFrameLowering.cpp):
the stack grows upwards, a function moves `sp` by its frame's size at its begin and back at each
end, and one that calls others keeps `lr` in its frame. Where a function does it otherwise, its
callers are not told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from softnpu.emulator.naming.source_lines import SourceLines
from softnpu.emulator.unwinding.frames import DEEPEST, Call, Read
from softnpu.errors import EmulatorError, FormatError
from softnpu.isa import table
from softnpu.isa.codec import Bundle, Instruction, codec
from softnpu.isa.flow import branches

_LAST_BYTE = 1


@dataclass(frozen=True)
class _Frame:
    """What a function has done by the time it comes to an address.

    Attributes:
        grown: bytes that its frame takes there.
        kept: where memory has what `lr` was, from `sp` at the function's begin on; None where it
            has not.
    """

    grown: int = 0
    kept: int | None = None


def read_off(
    generation: str,
    source: SourceLines,
    program: Callable[[int, int], bytes],
    registers: tuple[int, int],
    pc: int,
    read: Read,
) -> Iterator[Call]:
    """The calls that a core is in, innermost first; at least one.

    Args:
        generation: of the NPU, which tells its instructions.
        program: as `read`, of program memory.
        registers: `sp` and `lr`.
    """
    stack, back = registers
    at = reached = pc
    for _ in range(DEEPEST):
        yield Call(pc, at=at)
        function = source.extent(at)
        if function is None:
            return
        frame = _frame(generation, program(function.start, len(function)), reached - function.start)
        stack -= frame.grown
        # Whatever a function has called leaves `lr` within it; until then it has its caller's,
        # which may still be on its way to memory.
        if back - _LAST_BYTE in function:
            if frame.kept is None:
                return
            try:
                back = int.from_bytes(read(stack + frame.kept, 4), "little")
            except EmulatorError:
                return
        caller = source.extent(back - _LAST_BYTE)
        call = None if caller is None else _call(generation, program, caller, back)
        if call is None:
            return
        pc, at, reached = back - _LAST_BYTE, call, back


@lru_cache(maxsize=256)
def _bundles(generation: str, code: bytes) -> tuple[tuple[int, Bundle], ...]:
    """A function's bundles by their place in it, up to what is none."""
    decode = codec(table.load(generation)).decode
    found, at = [], 0
    while at < len(code):
        try:
            bundle = decode(code, at)
        except FormatError:
            break
        found.append((at, bundle))
        at += bundle.size
    return tuple(found)


def _call(
    generation: str, program: Callable[[int, int], bytes], function: range, back: int
) -> int | None:
    """The address of the call that comes back to `back`; None if there is none."""
    known = _bundles(generation, program(function.start, len(function)))
    places = [at for at, _ in known]
    behind = back - function.start
    number = places.index(behind) if behind in places else len(places)
    number -= 1 + table.load(generation).delay_slots
    called = number >= 0 and _calls(known[number][1])
    return function.start + places[number] if called else None


@lru_cache(maxsize=256)
def _frame(generation: str, code: bytes, at: int) -> _Frame:
    """What a function of this code has done when it comes to the bundle at `at`."""
    slots = table.load(generation).delay_slots
    grown = whole = 0
    kept: int | None = None
    left: int | None = None
    for place, bundle in _bundles(generation, code):
        if place >= at:
            break
        for instruction in bundle.instructions:
            if kept is None and _keeps(instruction):
                kept = grown + _number(instruction)
        grown += sum(_number(i) for i in bundle.instructions if _moves_stack(i))
        whole = max(whole, grown)
        left = None if left is None else left - 1
        if left is None and branches(bundle)[1]:
            left = slots
        if left == 0:  # what comes behind is come to from the body
            grown, left = whole, None
    return _Frame(grown, kept)


def _calls(bundle: Bundle) -> bool:
    return any("call" in instruction.opcode.effects for instruction in bundle.instructions)


def _keeps(instruction: Instruction) -> bool:
    """Whether it stores `lr` in the frame."""
    return instruction.opcode.mnemonic == "st" and "lr" in instruction.operands and _on(instruction)


def _moves_stack(instruction: Instruction) -> bool:
    return instruction.opcode.mnemonic.startswith("padd") and _on(instruction)


def _on(instruction: Instruction) -> bool:
    """Whether its address is `sp`, with a number."""
    return "[sp" in instruction.opcode.syntax and "imm" in instruction.opcode.syntax


def _number(instruction: Instruction) -> int:
    value = instruction["imm"]
    assert isinstance(value, int)
    return value

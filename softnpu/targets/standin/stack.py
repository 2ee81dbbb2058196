"""How deep a linked stand-in core's stack can get.

The frames are those of RV32 code. An AIE core's are not the same, but arrays in C functions,
which are what outgrows a stack, weigh the same in both. That does not hold of vector code: what
it has in RV32's frames is in an AIE core's registers. Its stack lies beside the tile's memory.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from softnpu.arch.standin import VECTOR_ENTRY, VECTOR_MEMORY_SIZE
from softnpu.errors import DesignError
from softnpu.targets.linking.elf import Elf, Symbol
from softnpu.targets.linking.stack import CallGraph, StackNeed

_JAL, _AUIPC, _JALR = 0x6F, 0x17, 0x67
_RETURN_ADDRESS = 1


def stack_need(program: Path) -> StackNeed:
    """What a core's ELF needs of the tile's memory for its stack, from where it starts.

    Raises:
        DesignError: vector code whose frames do not fit what there is for them.
    """
    elf = Elf(program)
    code = _Code(elf)
    graph = CallGraph(code.frames, code.callees, code.name)
    need = graph.need(code.entry, code.indirect)
    if not any(symbol.name == VECTOR_ENTRY and symbol.is_defined for symbol in elf.symbols):
        return need
    if need.size > VECTOR_MEMORY_SIZE:
        raise DesignError(
            f"{program.stem}: its vector code needs {need.size:,} bytes of stack on a stand-in "
            f"core, which has {VECTOR_MEMORY_SIZE:,} for it",
            None,
            ("make large local arrays static",),
        )
    return replace(need, size=0, path=())


class _Code:
    """The functions of a program by address, and the calls that their instructions make."""

    def __init__(self, elf: Elf) -> None:
        self.functions = {s.value: s for s in elf.symbols if s.is_function and s.is_defined}
        sizes = elf.frame_sizes()
        self.frames = {at: sizes.get(at, 0) for at in {*self.functions, *sizes, elf.entry}}
        self.entry = elf.entry
        self.text = elf.section(".text")
        self.code = elf.content(self.text) if self.text else b""
        self.indirect: dict[str, None] = {}

    def callees(self, address: int) -> list[int]:
        """Where the function at `address` leads to."""
        function = self.functions.get(address)
        return [] if function is None or self.text is None else self._calls(function)

    def _calls(self, function: Symbol) -> list[int]:
        assert self.text is not None
        start = function.value
        code = self.code[start - self.text.address :][: function.size]
        found: dict[int, None] = {}
        for target, calls in _targets(code, start):
            outside = target is None or not start <= target < start + function.size
            if target is None:
                self.indirect[function.name] = None
            elif outside or (calls and target == start):
                found[target] = None
        return list(found)

    def name(self, address: int) -> str:
        """The function's name, else its address."""
        function = self.functions.get(address)
        return function.name if function else f"0x{address:x}"


def _targets(code: bytes, start: int) -> Iterator[tuple[int | None, bool]]:
    """Where the jumps and calls of some RV32IC code lead, and whether it comes back from there.

    None stands for a call through a pointer. A jump to the function's own start is a loop.
    """
    at = 0
    upper: dict[int, int] = {}
    while at + 2 <= len(code):
        (half,) = struct.unpack_from("<H", code, at)
        if half & 3 != 3:
            yield from _compressed_target(half, start + at)
            upper = {}
            at += 2
            continue
        if at + 4 > len(code):
            return
        (word,) = struct.unpack_from("<I", code, at)
        opcode, rd, rs1 = word & 0x7F, word >> 7 & 0x1F, word >> 15 & 0x1F
        if opcode == _JAL:
            yield start + at + _jal_offset(word), rd == _RETURN_ADDRESS
        elif opcode == _JALR and rs1 in upper:
            yield (upper[rs1] + _signed(word >> 20, 12)) & 0xFFFFFFFF, rd == _RETURN_ADDRESS
        elif opcode == _JALR and rd == _RETURN_ADDRESS:
            yield None, True
        upper = {rd: start + at + (word & 0xFFFFF000)} if opcode == _AUIPC else {}
        at += 4


def _compressed_target(half: int, pc: int) -> Iterator[tuple[int | None, bool]]:
    operation, kind = half >> 13, half & 3
    if kind == 1 and operation in (1, 5):  # c.jal, c.j
        yield pc + _compressed_offset(half), operation == 1
    elif half & 0xF07F == 0x9002 and half & 0x0F80:  # c.jalr
        yield None, True


def _compressed_offset(half: int) -> int:
    """The immediate of c.j: offset[11|4|9:8|10|6|7|3:1|5] in bits 12 to 2."""
    order = (11, 4, 9, 8, 10, 6, 7, 3, 2, 1, 5)
    bits = sum((half >> (12 - i) & 1) << place for i, place in enumerate(order))
    return _signed(bits, 12)


def _jal_offset(word: int) -> int:
    """The immediate of jal: offset[20|10:1|11|19:12] in bits 31 to 12."""
    bits = (
        (word >> 31 & 1) << 20
        | (word >> 12 & 0xFF) << 12
        | (word >> 20 & 1) << 11
        | (word >> 21 & 0x3FF) << 1
    )
    return _signed(bits, 21)


def _signed(value: int, bits: int) -> int:
    sign = 1 << (bits - 1)
    return (value & (sign - 1)) - (value & sign)

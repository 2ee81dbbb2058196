"""The registers that a region keeps in variables of its own.

Scalars, pointers and modifiers are read at most once from a core's state, where a region first
wants them, and written back where it ends. clang is spared the proof that nothing in between looks
at them: two fifths of its time. Vectors gain nothing by that and stay where they are.
"""

from __future__ import annotations

import re

from softnpu.emulator.aie2.layout import field, get, set_
from softnpu.isa.model import InstructionSet

_KEPT = re.compile(r"(r|p|m|dn|dj|dc|s)\d+|srCarry")
_WORD = 32


class Kept:
    """A region's registers, in variables or in the core's state."""

    def __init__(self, instructions: InstructionSet) -> None:
        self.set = instructions
        self._declared: dict[str, str] = {}
        self._changed: dict[str, None] = {}

    def get(self, register: str) -> str:
        """C that reads a register."""
        leaves = self._kept(register)
        if not leaves:
            return get(self.set, register)
        for leaf in leaves:
            self._declared.setdefault(leaf, f" = {field(leaf)}")
        if len(leaves) == 1:
            return _variable(leaves[0])
        low, high = map(_variable, leaves)
        return f"((uint64_t){high} << {_WORD} | {low})"

    def put(self, register: str, value: str, latches: bool = False) -> str:
        """C that writes a register; one that latches keeps the bits that are set."""
        leaves = self._kept(register)
        if not leaves:
            return set_(self.set, register, value, latches)
        for leaf in leaves:
            self._declared.setdefault(leaf, "")
            self._changed[leaf] = None
        if len(leaves) > 1:
            low, high = map(_variable, leaves)
            return f"{low} = (uint32_t)({value}); {high} = (uint32_t)({value} >> {_WORD});"
        bits = self.set.registers[register].bits
        mask = f" & {(1 << bits) - 1:#x}" if bits < _WORD else ""
        return f"{_variable(leaves[0])} = {value}{mask};"

    def declared(self) -> list[str]:
        """C that begins the region: variables, of those that are read before they are written with
        the register's value."""
        return [f"uint32_t {_variable(name)}{value};" for name, value in self._declared.items()]

    def written_back(self) -> str:
        """C that writes back what has changed so far."""
        return " ".join(f"{field(name)} = {_variable(name)};" for name in self._changed)

    def _kept(self, register: str) -> tuple[str, ...]:
        """The registers that one consists of, if they are kept in variables."""
        leaves = self.set.leaves(register)
        return leaves if len(leaves) <= 2 and all(map(_KEPT.fullmatch, leaves)) else ()


def _variable(register: str) -> str:
    return f"v_{register}"

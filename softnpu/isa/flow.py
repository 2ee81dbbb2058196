"""Where a program goes: the bundles that can be reached, and the addresses that it branches to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from softnpu.errors import FormatError
from softnpu.isa.codec import Bundle, Bytes, Codec

LOOP_REGISTERS = ("ls", "le")
"""What holds the first and the last bundle of a hardware loop."""


@dataclass
class Reached:
    """What a walk through a program met.

    Attributes:
        bundles: by address.
        targets: addresses that a branch, a call or a hardware loop names.
        faults: reached addresses that hold no bundle, and why.
    """

    bundles: dict[int, Bundle] = field(default_factory=dict)
    targets: set[int] = field(default_factory=set)
    faults: dict[int, str] = field(default_factory=dict)


def reach(
    codec: Codec,
    code: Bytes,
    starts: Iterable[int],
    base: int = 0,
    relocated: Mapping[int, int | None] | None = None,
) -> Reached:
    """What is reached from `starts`, by the addresses that instructions name.

    A call is taken to come back. Where a register holds the address, nothing is known of where it
    goes; behind a branch for good, the walk ends with the delay slots.

    Args:
        code: the program's bytes.
        base: the address of the first of them.
        relocated: by the address of a bundle that has a relocation, what its symbol is worth here;
            None for one that lies elsewhere.
    """
    walk = _Walk(codec, code, base, relocated or {}, list(starts))
    while walk.waiting:
        walk.on(walk.waiting.pop())
    return walk.found


@dataclass
class _Walk:
    """A walk through a program."""

    codec: Codec
    code: Bytes
    base: int
    relocated: Mapping[int, int | None]
    waiting: list[int]
    found: Reached = field(default_factory=Reached)

    def on(self, address: int) -> None:
        """Straight on from an address to what is known, or to where nothing goes on."""
        found = self.found
        left: int | None = None
        while address not in found.bundles and left != 0:
            try:
                bundle = self._at(address)
            except FormatError as error:
                found.faults[address] = str(error)
                return
            found.bundles[address] = bundle
            targets, ends = branches(bundle)
            if targets and address in self.relocated:
                elsewhere = self.relocated[address]
                targets = [] if elsewhere is None else [elsewhere]
            found.targets.update(targets)
            self.waiting.extend(targets)
            address += bundle.size
            left = None if left is None else left - 1
            if ends and left is None:
                left = self.codec.set.delay_slots

    def _at(self, address: int) -> Bundle:
        if not self.base <= address < self.base + len(self.code):
            raise FormatError("the program ends before it")
        return self.codec.decode(self.code, address - self.base)


def branches(bundle: Bundle) -> tuple[list[int], bool]:
    """The addresses that a bundle names as to be gone to, and whether it goes on for good."""
    targets: list[int] = []
    ends = False
    for instruction in bundle.instructions:
        opcode = instruction.opcode
        if opcode.transfers_control:
            if instruction.target is not None:
                targets.append(instruction.target)
            ends |= not opcode.effects & {"call", "conditional"}
        elif instruction.operands and instruction.operands[0] in LOOP_REGISTERS:
            targets.extend(value for value in instruction.operands[1:] if isinstance(value, int))
    return targets, ends

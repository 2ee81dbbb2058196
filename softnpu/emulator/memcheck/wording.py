"""What a core's code did that it must not, in the design's names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum

from softnpu.emulator.memcheck.seen import PLAIN, TAG_SHIFT, Program, Seen, StandinProgram
from softnpu.formats.elements import OF_MLIR


class Kind(IntEnum):
    """What is wrong about an access, as check.h numbers it."""

    OUTSIDE = 1
    STRAY = 2
    NOT_HELD = 3
    UNWRITTEN = 4
    MISALIGNED = 5
    OVERFLOW = 6


@dataclass(frozen=True)
class Access:
    """A load or store.

    Attributes:
        address: with the tag of the buffer that its pointer came from.
        size: bytes.
        released: the core has given the object back before.
    """

    kind: Kind
    writes: bool
    address: int
    size: int
    released: bool = False


def element_bytes(element: str) -> int:
    """The bytes of MLIR's type; 1 for a type that no host buffer has."""
    digits = OF_MLIR.get(element, "int8").lstrip("abcdefghijklmnopqrstuvwxyz")
    return int(digits) // 8


class Wording:
    """Tells of the accesses of one core's program.

    Args:
        seen: the buffers that it sees.
        program: its own data and stack.
    """

    def __init__(self, seen: Iterable[Seen], program: Program) -> None:
        self._seen = list(seen)
        self._program = program
        self._tells_pointers = isinstance(program, StandinProgram)

    def told(self, access: Access) -> str:
        """A message that begins with a verb: "writes out[1024] (i32), one element behind …"."""
        found = self._of_tag(access.address >> TAG_SHIFT)
        at = access.address & PLAIN
        verb = "writes" if access.writes else "reads"
        if access.kind is Kind.OVERFLOW:
            return self._overflow(at)
        if access.kind is Kind.MISALIGNED:
            return f"{verb} {self._misaligned(access, at)}"
        if access.kind is Kind.STRAY:
            return f"{verb} {self._stray(access, at)}"
        if found is None:
            return f"{verb} {at:#x} ({access.size} bytes), where no buffer lies that it names"
        tells: dict[Kind, Callable[[Access, Seen, int], str]] = {
            Kind.OUTSIDE: self._outside,
            Kind.NOT_HELD: _not_held,
            Kind.UNWRITTEN: _unwritten,
        }
        return f"{verb} {tells[access.kind](access, found, at)}"

    def _of_tag(self, tag: int) -> Seen | None:
        return next((one for one in self._seen if one.tag == tag), None)

    def _outside(self, access: Access, of: Seen, at: int) -> str:
        size = element_bytes(of.buffer.element)
        index, count = (at - of.begin) // size, of.buffer.size // size
        name = _element(of, at)
        if index < 0:
            how = f"{_elements(-index)} before its first"
        elif index >= count:
            how = f"{_elements(index - count + 1)} behind its last"
        else:
            behind = at + access.size - of.end
            return f"{access.size} bytes from {name} on, {behind} of them behind its end"
        where = self._place(at)
        return f"{name}, {how}{f', {where}' if where else ''}"

    def _place(self, at: int) -> str:
        """What lies at an address."""
        for one in self._seen:
            if one.begin <= at < one.end:
                begins = at == one.begin
                return f"where {one.buffer.name} begins" if begins else f"in {_element(one, at)}"
        for name, begin, end in self._program.data():
            if begin <= at < end:
                return f"in the program's own {name}"
        begin, end = self._program.stack()
        return "in the stack" if begin <= at < end else ""

    def _stray(self, access: Access, at: int) -> str:
        place = self._place(at)
        where = f", {place}" if place else ""
        how = (
            "by a pointer that is neither to a buffer nor into the stack and the code's own data"
            if self._tells_pointers
            else "where neither a buffer lies nor the stack or the code's own data"
        )
        return f"{at:#x} ({access.size} bytes){where}, {how}: {self._from(at)}"

    def _from(self, at: int) -> str:
        """What an access without a tag may be meant for: what lies nearest."""
        ranges = [(f"the array or variable {n}", b, e) for n, b, e in self._program.data()]
        ranges.append(("an array on the stack", *self._program.stack()))
        if not self._tells_pointers:
            ranges += [(one.buffer.name, one.begin, one.end) for one in self._seen]
        name, begin, end = min(ranges, key=lambda r: r[1] - at if at < r[1] else at - r[2])
        distance = begin - at if at < begin else at - end
        side = "before it" if at < begin else "behind its end"
        return f"nearest is {name}, {distance} bytes {side}"

    def _overflow(self, at: int) -> str:
        begin, end = self._program.stack()
        place = self._place(at)
        return (
            f"runs out of stack: its {end - begin:,} bytes end at {end:#x}, and it has come to"
            f" {at:#x}{f', {place}' if place else ''}; give the core a larger stack_size"
        )

    def _misaligned(self, access: Access, at: int) -> str:
        found = self._of_tag(access.address >> TAG_SHIFT)
        name = f"{found.buffer.name} at byte {at - found.begin}" if found else f"{at:#x}"
        return (
            f"{access.size} bytes of {name}, at an address ({at:#x}) that is not a multiple of"
            f" {min(access.size, 4)}: an AIE core would access another one"
        )


def _not_held(access: Access, of: Seen, at: int) -> str:
    when = "after it was released" if access.released else "before it was acquired"
    return f"{_element(of, at)} {when}: the core does not hold this object"


def _unwritten(_access: Access, of: Seen, at: int) -> str:
    return f"{_element(of, at)}, which nothing has written"


def _element(of: Seen, at: int) -> str:
    """E.g. "out_buff_0[3] (i32)"; by bytes where the element's type is unknown."""
    size = element_bytes(of.buffer.element)
    index, inside = divmod(at - of.begin, size)
    text = f"{of.buffer.name}[{index}]"
    if inside:
        text += f" byte {inside}"
    return f"{text} ({of.buffer.element})" if of.buffer.element else f"{text} (bytes)"


def _elements(count: int) -> str:
    return "one element" if count == 1 else f"{count} elements"

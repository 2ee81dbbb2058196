"""A chain of waits in words, with the author's names where they are known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from softnpu.emulator import waits
from softnpu.emulator.cores.core import Core
from softnpu.emulator.dma.channels import Channel
from softnpu.emulator.naming.names import Names
from softnpu.emulator.scheduling.scheduler import Wait
from softnpu.emulator.streams.streams import DeadEnd
from softnpu.emulator.unwinding.calls import calls, chain, told

if TYPE_CHECKING:
    from softnpu.emulator.explaining.report import RunReport
    from softnpu.emulator.memory.locks import Lock
    from softnpu.emulator.scheduling.scheduler import Actor


_LOCK = re.compile(r"lock (\d+) of tile \((\d+),(\d+)\)")
_CHANNEL = re.compile(r"tile \((\d+),(\d+)\) (MM2S|S2MM) (\d+)")


class Cut(Enum):
    """Why a step is not followed; the value is how it is told."""

    CIRCLE = "see above: the waits go round in a circle"
    TOLD = "see above"
    LENGTH = "and so on"


@dataclass
class Step:
    """One link of the chain.

    Attributes:
        wait: why somebody does not move.
        role: how it is connected to the step above, e.g. "could release it".
        cut: why it is not followed.
        dead_ends: places where the stream in question ends without a receiver.
        alone: nobody else could end the wait.
        later: the runtime sequence would end it, further on than where it waits itself.
        children: what could end the wait.
    """

    wait: Wait
    role: str = ""
    cut: Cut | None = None
    dead_ends: list[DeadEnd] = field(default_factory=list)
    alone: bool = False
    later: bool = False
    children: list[Step] = field(default_factory=list)

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Step]]:
        """This step and all below it, each with its depth."""
        yield depth, self
        for child in self.children:
            yield from child.walk(depth + 1)


class Wording:
    """Says what a step of a chain means.

    Args:
        names: what the author calls things.
    """

    def __init__(self, names: Names) -> None:
        self._names = names

    def step(self, step: Step) -> str:
        """One line for one step."""
        role = f"{step.role}; it " if step.role else ""
        text = f"{self.actor(step.wait.actor)} {role}{self._reason(step.wait)}"
        if step.cut is not None:
            return f"{text} ({step.cut.value})"
        ends = "".join(f"; the stream ends at {end.place}: {end.why}" for end in step.dead_ends)
        return f"{text}{self._nobody(step)}{ends}"

    def _nobody(self, step: Step) -> str:
        """Who is missing, where nobody could end the wait."""
        match step.wait:
            case waits.NoTask(Channel() as channel) if step.later:
                another = "another" if channel.counts.given else "one"
                return f"; the runtime sequence gives it {another} only after what it waits for"
            case waits.NoTask(Channel() as channel) if step.alone and not channel.counts.given:
                return ": nothing starts a transfer there"
            case waits.LockWait() if step.later:
                return "; the runtime sequence sets it only after what it waits for"
            case waits.LockWait() if step.alone:
                return "; nobody else is set up to release it"
            case waits.DataWait() if step.alone:
                return "; no stream leads there"
        return ""

    def actor(self, actor: Actor) -> str:
        """What an actor is called."""
        if isinstance(actor, Channel):
            return self._names.channel(actor.tile, actor.direction.name, actor.number)
        return actor.place

    def transfer(self, channel: Channel) -> str:
        """A channel by the name of what it moves, if it has one."""
        key = (channel.tile, channel.direction.name, channel.number)
        return self._names.channels.get(key) or self.actor(channel)

    def lock(self, lock: Lock) -> str:
        """A lock by its name alone, if it has one."""
        name, _ = self._names.locks.get((lock.tile, lock.index), ("", ""))
        return name or lock.place

    def place(self, core: Core) -> str:
        """The function and line that a core is in; "" if nothing is known."""
        source = self._names.programs.get(core.tile)
        found = [] if source is None else calls(core, source)
        return told(source, found[0]) if source is not None and found else ""

    def element(self, tile: tuple[int, int], address: int) -> str:
        """MLIR's type of what a tile's buffer holds at an address; "" if unknown."""
        found = self._names.buffer_at(tile, address)
        return "" if found is None else found.element

    def _reason(self, wait: Wait) -> str:
        match wait:
            case waits.LockWait():
                return self._lock_wait(wait)
            case waits.DataWait(actor):
                return f"waits for data{self._progress(actor)}"
            case waits.SpaceWait(actor):
                return f"has words that nobody takes{self._progress(actor)}"
            case waits.CascadeWait(_, _, reading):
                return "waits for the cascade" if reading else "waits for room in the cascade"
            case waits.TokenWait(_, channel):
                return f"waits for the task-complete token of {self.actor(channel)}"
            case waits.ColumnsWait(_, sync):
                return f"waits for {sync}"
            case waits.QueueWait(_, channel):
                return f"waits for room in the task queue of {self.actor(channel)}"
            case waits.PollWait(_, address, mask, value):
                return f"polls {address:#x} until its bits {mask:#x} are {value:#x}"
            case waits.NoTask(Channel() as channel):
                return self._no_task(channel)
            case waits.AboutToBegin():
                return "is about to begin a descriptor"
            case waits.Paused():
                return "is paused by its control register"
            case waits.Runs(actor):
                return f"runs{self._position(actor)} and waits for nothing"
            case waits.Ended():
                return "has ended its program, which no later run begins again: let it loop"
            case waits.Halted(Core() as actor):
                return self._halted(actor)
            case waits.InReset():
                return "is held in reset by its control register"
        raise AssertionError(f"nobody tells of {type(wait).__name__}")

    def _halted(self, core: Core) -> str:
        if core.in_reset:
            return "has a program but is held in reset (Core_Control, bit 1)"
        if core.counts.instructions:
            return (
                "was reset and is not enabled (Core_Control, bit 0): a program that ends clears "
                "that bit, and a reset does not set it"
            )
        return "has a program but is not enabled"

    def _no_task(self, channel: Channel) -> str:
        counts = channel.counts
        if not counts.given:
            return "was never given a task"
        if counts.tasks == counts.given == 1:
            token = "with" if counts.tokens else "without"
            return f"has done the one task that it was given, {token} a token"
        which = f"all {counts.tasks}" if counts.tasks == counts.given else f"{counts.tasks}"
        rest = counts.given - counts.tasks
        gone = f"; a reset took the other {rest}" if rest else ""
        return (
            f"has done {which} tasks that it was given, {counts.tokens} of them with a token{gone}"
        )

    def _lock_wait(self, wait: waits.LockWait) -> str:
        lock = wait.lock
        relation = f"≥ {-wait.value}" if wait.value < 0 else f"= {wait.value}"
        name = self._names.lock(lock.tile, lock.index)
        where = self._position(wait.actor)
        soon = ", so it is about to go on" if lock.grants(wait.value) else ""
        # A core that acquires objects which it holds already asks for 0 more (mlir-aie 1.4).
        nothing = "" if wait.value else "; an acquire of 0 takes nothing and waits for exactly 0"
        return f"waits{where} for {name} {relation} (now {lock.value}{soon}{nothing})"

    def _progress(self, actor: Actor) -> str:
        """How far a channel has come with its descriptor; where a core is."""
        if not isinstance(actor, Channel):
            return self._position(actor)
        descriptor = actor.descriptor
        if descriptor is None:
            return ""
        buffer = self._buffer(actor)
        length = descriptor.pattern.length
        return f" ({actor.position} of {length} words of descriptor {descriptor.number}{buffer})"

    def _buffer(self, channel: Channel) -> str:
        place = channel.engine.memory_place(channel)
        name = self._names.buffer(*place) if place is not None else None
        return f", buffer {name}" if name else ""

    def _position(self, actor: Actor) -> str:
        """Where a core is, and who called that; if nothing is known, the program counter."""
        if not isinstance(actor, Core) or not actor.registers():
            return ""
        found = self._source(actor, actor.here)
        return f" in {found}" if found else f" at pc {actor.here:#x}"

    def _source(self, core: Core, pc: int) -> str:
        """The source of the instruction at `pc`, and its callers; "" if nothing is known."""
        source = self._names.programs.get(core.tile)
        if source is None or self._names.source(core.tile, pc) is None:
            return ""
        return chain(source, calls(core, source, pc))

    def fault(self, report: RunReport) -> list[str]:
        """A fault: what happened, behind the author's line; where, if a core is to blame."""
        fault = report.fault
        if fault is None:
            return [self.named(str(report.error))]
        core = report.array.core_tile(*fault.tile).core
        found = self._source(core, fault.pc)
        line = self._names.line(core.tile, fault.pc)
        head = self.named(f"{core.place} {fault.what}")
        where = f"in {found}; pc {fault.pc:#x}" if found else f"at pc {fault.pc:#x}"
        return [f"{line}: {head}" if line else head, f"  {where}"]

    def named(self, text: str) -> str:
        """A text that speaks of locks and channels by number, with their names."""
        text = _LOCK.sub(lambda m: self._names.lock((int(m[2]), int(m[3])), int(m[1])), text)
        return _CHANNEL.sub(
            lambda m: self._names.channel((int(m[1]), int(m[2])), m[3], int(m[4])), text
        )

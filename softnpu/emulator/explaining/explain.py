"""Why a run did not complete: the chain of waits from the controller to the cause.

`wait_chain` gives it as data, `explain` as text. Each step's children are what could end its wait:
the DMA channels and cores that could release a lock, the source of a stream, the receivers of one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from softnpu.arch.address import split_address
from softnpu.arch.ports import Bundle
from softnpu.emulator import waits
from softnpu.emulator.cores.core import Core, CoreStreamInput
from softnpu.emulator.dma.channels import Channel
from softnpu.emulator.dma.receive import ReceiveChannel
from softnpu.emulator.explaining import routes
from softnpu.emulator.explaining.headline import headline, still_runs
from softnpu.emulator.explaining.report import Outcome, RunReport
from softnpu.emulator.explaining.summary import state
from softnpu.emulator.explaining.wording import Cut, Step, Wording
from softnpu.emulator.naming.names import Names
from softnpu.emulator.scheduling.scheduler import Wait
from softnpu.emulator.streams.streams import DeadEnd
from softnpu.formats.operations import MaskWrite, Operation, Write
from softnpu.warned import counted

if TYPE_CHECKING:
    from softnpu.emulator.array.array import Array
    from softnpu.emulator.memory.locks import Lock
    from softnpu.emulator.scheduling.scheduler import Actor

_INDENT = "  "
_HEADS = {
    Outcome.HANG: "a hang, nothing can move",
    Outcome.TIMEOUT: "the time is over, and something still runs",
}
_MAXIMUM_CHAIN = 64


def wait_chain(array: Array, first: Wait, ahead: Iterable[Operation] = ()) -> Step:
    """The chain of waits that begins with `first`.

    Args:
        ahead: what the instruction stream would do next.
    """
    return _Builder(array, ahead).build(first, "")


def _ended_by(array: Array, operations: Iterable[Operation]) -> Iterator[Channel | Lock]:
    """The channels that operations give tasks to, and the locks that they set."""
    for operation in operations:
        if isinstance(operation, Write | MaskWrite):
            col, row, offset = split_address(operation.address)
            tile = array.tiles.get((col, row))
            found = tile and (tile.dma.channel_of_queue(offset) or tile.lock_at(offset))
            if found:
                yield found


class _Builder:
    def __init__(self, array: Array, ahead: Iterable[Operation]) -> None:
        self._array = array
        self._ahead = set(_ended_by(array, ahead))
        self._seen: set[Actor] = set()
        self._path: list[Actor] = []

    def build(self, wait: Wait, role: str) -> Step:
        step = Step(wait, role, self._cut(wait.actor))
        if step.cut is not None:
            return step
        self._seen.add(wait.actor)
        self._path.append(wait.actor)
        others = self._others(step)
        step.alone = not others
        step.later = self._is_ended_later(wait) and step.alone
        for actor, why in others:
            reason = actor.wait()
            if reason is not None:
                step.children.append(self.build(reason, why))
        self._path.pop()
        return step

    def _cut(self, actor: Actor) -> Cut | None:
        if actor in self._path:
            return Cut.CIRCLE
        if actor in self._seen:
            return Cut.TOLD
        return Cut.LENGTH if len(self._seen) > _MAXIMUM_CHAIN else None

    def _is_ended_later(self, wait: Wait) -> bool:
        """Whether the runtime sequence would end the wait if it came so far."""
        match wait:
            case waits.NoTask(channel):
                return channel in self._ahead
            case waits.LockWait(_, lock):
                return lock in self._ahead
        return False

    def _others(self, step: Step) -> list[tuple[Actor, str]]:
        """Who could end the wait, each with its role."""
        wait = step.wait
        if isinstance(wait, waits.QueueWait):
            return [(wait.channel, "")]
        if isinstance(wait, waits.ColumnsWait):
            channels = (c for c in self._array.channels() if c.tile[0] < wait.sync.columns)
            return [(channel, "") for channel in channels if channel.owes_token]
        if isinstance(wait, waits.TokenWait):
            assert isinstance(wait.channel, Channel)
            port = self._array.tiles[wait.channel.tile].control_port
            return [(wait.channel, ""), (port, "sends the tokens of this tile")]
        if isinstance(wait, waits.LockWait):
            found = releasers(self._array, wait.lock, wait.actor)
            return [(actor, _could_release(actor, wait.lock)) for actor in found]
        if isinstance(wait, waits.DataWait):
            return [(a, "is where its stream comes from") for a in self._senders(wait.actor)]
        if isinstance(wait, waits.SpaceWait):
            return self._receivers(step, wait)
        if isinstance(wait, waits.CascadeWait):
            other = self._other_end(wait)
            return [(other, "is at the cascade's other end")] if other is not None else []
        return []

    def _senders(self, actor: Actor) -> list[Actor]:
        if isinstance(actor, Core):
            target = self._array.network.sinks[actor.tile, Bundle.Core, 0]
        else:
            assert isinstance(actor, ReceiveChannel)
            target = actor
        return routes.sources_of(self._array, target)

    def _receivers(self, step: Step, wait: waits.SpaceWait) -> list[tuple[Actor, str]]:
        found: list[tuple[Actor, str]] = []
        for target in routes.ends(wait.link):
            if isinstance(target, DeadEnd):
                step.dead_ends.append(target)
            elif isinstance(target, CoreStreamInput):
                found.append((target.core, "is where its stream goes"))
            elif isinstance(target, ReceiveChannel) and not target.acquired:
                found.append((target, "is where its stream goes"))
        return found

    def _other_end(self, wait: waits.CascadeWait) -> Core | None:
        assert isinstance(wait.actor, Core)
        tile = self._array.core_tile(*wait.actor.tile)
        return tile.cascade_source() if wait.reading else tile.cascade_destination()


def _could_release(actor: Actor, lock: Lock) -> str:
    """A channel is set up to; a core is only known to by what it has done."""
    never = isinstance(actor, Core) and actor not in lock.releasers
    return "could release it, but never has" if never else "could release it"


def releasers(array: Array, lock: Lock, waiting: Actor) -> list[Actor]:
    """Who could release a lock: channels whose descriptors do, and cores that have or might.

    A core is named if it has released the lock before. If nobody has, every core that reaches the
    lock and has a program is.
    """
    channels: list[Actor] = [c for c in array.channels() if _chain_releases(c, lock)]
    cores: list[Actor] = [a for a in lock.releasers if isinstance(a, Core) and a is not waiting]
    if not channels and not cores:
        cores = [
            core
            for core in array.cores()
            if core is not waiting and core.wait() is not None and lock in core.reachable_locks()
        ]
    return [*channels, *cores]


def _chain_releases(channel: Channel, lock: Lock) -> bool:
    """Whether a task of the channel, in progress or queued, releases `lock`."""
    starts = channel.first_descriptors()
    seen: set[int] = set()
    while starts:
        number = starts.pop()
        if number in seen:
            continue
        seen.add(number)
        descriptor = channel.engine.descriptors.peek(number)
        if descriptor.release is lock and descriptor.release_value > 0:
            return True
        if descriptor.next is not None:
            starts.append(descriptor.next)
    return False


def explain(report: RunReport, names: Names | None = None) -> str:
    """What happened to a run that did not complete, in words."""
    names = (names or Names()).of(report.array.pdi)
    wording = Wording(names)
    notes = [f"note: {wording.named(note)}" for note in counted(report.notes)]
    if report.outcome is Outcome.FAULT:
        return "\n".join([*wording.fault(report), *notes])
    if report.outcome is Outcome.STOPPED:
        return "\n".join(["stopped; the array is at:", state(report.array, names), *notes])
    if report.completed:
        return "\n".join([report.outcome.value, *notes])
    if report.wait is None:
        return "\n".join([f"{_HEADS[report.outcome]}:", state(report.array, names), *notes])
    chain = wait_chain(report.array, report.wait, report.ahead)
    lines = [_INDENT * (depth + 1) + wording.step(step) for depth, step in chain.walk()]
    if report.outcome is Outcome.HANG:
        cause = headline(report, chain, wording)
        head = f"a hang: {cause}" if cause else f"{_HEADS[Outcome.HANG]}:"
    else:
        cause = still_runs(chain, wording)
        head = f"the time is over: {cause}" if cause else f"{_HEADS[Outcome.TIMEOUT]}:"
    return "\n".join([head, *lines, *notes])

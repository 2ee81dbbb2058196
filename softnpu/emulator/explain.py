"""Why a run did not complete: the chain of waits from the controller to the cause.

`wait_chain` gives it as data, `explain` as text. Each step's children are what could end its wait:
the DMA channels and cores that could release a lock, the source of a stream, the receivers of one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from softnpu.arch.ports import Bundle
from softnpu.emulator import routes, waits
from softnpu.emulator.core import Core, CoreStreamInput
from softnpu.emulator.dma import Channel
from softnpu.emulator.dma_receive import ReceiveChannel
from softnpu.emulator.names import Names
from softnpu.emulator.report import Outcome, RunReport
from softnpu.emulator.streams import DeadEnd
from softnpu.emulator.summary import state
from softnpu.emulator.wording import Step, Wording

if TYPE_CHECKING:
    from softnpu.emulator.array import Array
    from softnpu.emulator.locks import Lock
    from softnpu.emulator.scheduler import Actor

_INDENT = "  "
_MAXIMUM_CHAIN = 64


def wait_chain(array: Array, first: waits.Wait) -> Step:
    """The chain of waits that begins with `first`."""
    return _Builder(array).build(first, "")


class _Builder:
    def __init__(self, array: Array) -> None:
        self._array = array
        self._seen: set[Actor] = set()

    def build(self, wait: waits.Wait, role: str) -> Step:
        step = Step(wait, role)
        if wait.actor in self._seen or len(self._seen) > _MAXIMUM_CHAIN:
            step.repeated = True
            return step
        self._seen.add(wait.actor)
        for actor, why in self._others(step):
            reason = actor.wait()
            if reason is not None:
                step.children.append(self.build(reason, why))
        return step

    def _others(self, step: Step) -> list[tuple[Actor, str]]:
        """Who could end the wait, each with its role."""
        wait = step.wait
        if isinstance(wait, waits.QueueWait):
            return [(wait.channel, "")]
        if isinstance(wait, waits.ColumnsWait):
            channels = (c for c in self._array.channels() if c.tile[0] < wait.sync.columns)
            return [(channel, "") for channel in channels if channel.owes_token]
        if isinstance(wait, waits.TokenWait):
            port = self._array.tiles[wait.channel.tile].control_port
            return [(wait.channel, ""), (port, "sends the tokens of this tile")]
        if isinstance(wait, waits.LockWait):
            found = releasers(self._array, wait.lock, wait.actor)
            return [(actor, "could release it") for actor in found]
        if isinstance(wait, waits.DataWait):
            return [(a, "is where its stream comes from") for a in self._senders(wait.actor)]
        if isinstance(wait, waits.SpaceWait):
            return self._receivers(step, wait)
        if isinstance(wait, waits.CascadeWait):
            other = self._other_end(wait)
            return [(other, "is at the cascade's other end")] if other is not None else []
        return []

    def _senders(self, actor: ReceiveChannel | Core) -> list[Actor]:
        if isinstance(actor, Core):
            target = self._array.network.sinks[actor.tile, Bundle.Core, 0]
        else:
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
        tile = self._array.core_tile(*wait.actor.tile)
        return tile.cascade_source() if wait.reading else tile.cascade_destination()


def releasers(array: Array, lock: Lock, waiting: Actor) -> list[Actor]:
    """Who could release a lock: channels whose descriptors do, and cores that have or might.

    A core is named if it has released the lock before. If nobody has, every core that reaches the
    lock and is not known to be done is.
    """
    channels: list[Actor] = [c for c in array.channels() if _chain_releases(c, lock)]
    cores: list[Actor] = [a for a in lock.releasers if isinstance(a, Core) and a is not waiting]
    if not channels and not cores:
        cores = [
            core
            for core in array.cores()
            if core is not waiting and core.enabled and lock in core.reachable_locks()
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
        descriptor = channel.engine.peek(number)
        if descriptor.release is lock and descriptor.release_value > 0:
            return True
        if descriptor.next is not None:
            starts.append(descriptor.next)
    return False


def explain(report: RunReport, names: Names | None = None) -> str:
    """What happened to a run that did not complete, in words."""
    names = (names or Names()).of(report.array.pdi)
    wording = Wording(names)
    notes = [f"note: {wording.named(note)}" for note in report.notes]
    if report.outcome is Outcome.FAULT:
        return "\n".join([wording.fault(report), *notes])
    if report.outcome is Outcome.STOPPED:
        return "\n".join(["stopped; the array is at:", state(report.array, names), *notes])
    if report.completed:
        return "\n".join([report.outcome.value, *notes])
    heads = {
        Outcome.HANG: "nothing can move:",
        Outcome.TIMEOUT: "the time is over, and something still runs:",
    }
    if report.wait is None:
        head = heads.get(report.outcome, report.outcome.value)
        return "\n".join([head, state(report.array, names), *notes])
    chain = wait_chain(report.array, report.wait)
    lines = [_INDENT * (depth + 1) + wording.step(step) for depth, step in chain.walk()]
    return "\n".join([heads.get(report.outcome, report.outcome.value), *lines, *notes])

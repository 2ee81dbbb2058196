"""What a hang comes to, in a line: where the chain of waits ends.

It is said only where the end of the chain says it: a transfer that ends within an object, one that
was never started, a core that has ended, waits that go round.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from softnpu.emulator import waits
from softnpu.emulator.cores.core import Core
from softnpu.emulator.dma.channels import Channel, SendChannel
from softnpu.emulator.dma.receive import ReceiveChannel
from softnpu.emulator.explaining.wording import Cut, Step, Wording
from softnpu.formats.elements import OF_MLIR, dtype

if TYPE_CHECKING:
    from softnpu.emulator.explaining.report import RunReport

_WORD = 4


def headline(report: RunReport, chain: Step, wording: Wording) -> str:
    """The cause of a hang; "" where the chain does not say."""
    steps = [step for _, step in chain.walk()]
    rules = (
        _within_an_object,
        _nothing_more_comes,
        _no_token,
        _ends_within_an_object,
        _never_released,
        _in_a_circle,
        _used_up,
    )
    told = (says(report, step, wording) for says in rules for step in steps)
    return next((cause for cause in told if cause), "")


def still_runs(chain: Step, wording: Wording) -> str:
    """Who computes on while others wait, at the end of the time; "" where nobody does."""
    running = (step.wait.actor for _, step in chain.walk() if isinstance(step.wait, waits.Runs))
    core = next((actor for actor in running if isinstance(actor, Core)), None)
    if core is None:
        return ""
    where = wording.place(core)
    return f"{core.place} still runs{f', in {where},' if where else ','} and others wait for it"


def _within_an_object(report: RunReport, step: Step, wording: Wording) -> str:
    """Whether a receiver has a part of an object, and its sender nothing more to send."""
    receiver = step.wait.actor
    if not isinstance(receiver, ReceiveChannel) or not isinstance(step.wait, waits.DataWait):
        return ""
    sources = [child.wait for child in step.children]
    if len(sources) != 1 or not isinstance(sources[0], waits.NoTask):
        return ""
    sender, descriptor = sources[0].actor, receiver.descriptor
    if not isinstance(sender, SendChannel) or descriptor is None or not receiver.position:
        return ""
    size, rest = descriptor.pattern.length, receiver.position
    words = _words(report, sender)
    if words % size != rest:
        return ""
    per_word, what = _elements(receiver, wording)
    return (
        f"{wording.transfer(sender)} moves {words * per_word} {what}:"
        f" {_objects(words, size, per_word)} and {rest * per_word} over"
    )


def _ends_within_an_object(_report: RunReport, step: Step, wording: Wording) -> str:
    """Whether a receiver asks for a part of an object behind the last whole one."""
    receiver = step.wait.actor
    senders = [child.wait.actor for child in step.children]
    if not isinstance(step.wait, waits.DataWait) or not isinstance(receiver, ReceiveChannel):
        return ""
    if len(senders) != 1 or not isinstance(senders[0], SendChannel):
        return ""
    asked, sent = receiver.descriptor, senders[0].descriptor
    if asked is None or sent is None or senders[0].position or not receiver.position:
        return ""
    words, size = asked.pattern.length, sent.pattern.length
    if words - receiver.position >= size or words % size != words - receiver.position:
        return ""
    per_word, what = _elements(senders[0], wording)
    return (
        f"{wording.transfer(receiver)} moves {words * per_word} {what}:"
        f" {_objects(words, size, per_word)} and {words % size * per_word} over"
    )


def _in_a_circle(_report: RunReport, step: Step, wording: Wording) -> str:
    if step.cut is not Cut.CIRCLE:
        return ""
    return f"{wording.actor(step.wait.actor)} waits for what waits for it, in a circle"


def _used_up(report: RunReport, step: Step, wording: Wording) -> str:
    """Whether all objects that a sender had to send have come, and more are waited for."""
    receiver = step.wait.actor
    if not isinstance(step.wait, waits.DataWait) or not isinstance(receiver, ReceiveChannel):
        return ""
    senders = [c.wait.actor for c in step.children if isinstance(c.wait, waits.NoTask)]
    if len(senders) != 1 or not isinstance(senders[0], SendChannel):
        return ""
    words, descriptor = _words(report, senders[0]), receiver.descriptor
    if not words or descriptor is None or words % descriptor.pattern.length:
        return ""
    per_word, what = _elements(receiver, wording)
    objects = _objects(words, descriptor.pattern.length, per_word)
    taken = f"all that {wording.transfer(senders[0])} moves has been taken, {objects} {what}"
    match report.wait:
        case waits.TokenWait(_, ReceiveChannel(descriptor=asked) as waiting) if asked is not None:
            more = f"{waiting.position} of its {asked.pattern.length} words"
            return f"{taken}, and {wording.transfer(waiting)} waits for more: it has {more}"
    return f"{taken}, and more is waited for"


def _objects(words: int, size: int, per_word: int) -> str:
    """E.g. "7 objects of 256"."""
    whole = words // size
    return (
        f"{whole} objects of {size * per_word}"
        if whole != 1
        else f"one object of {size * per_word}"
    )


def _nothing_more_comes(_report: RunReport, step: Step, wording: Wording) -> str:
    """Whether what is waited for has not begun, or has ended."""
    match step.wait:
        case waits.NoTask(Channel() as channel) if step.later:
            transfer = wording.transfer(channel)
            return f"the runtime sequence starts {transfer} only after what waits for it"
        case waits.NoTask(Channel() as channel) if step.alone and not channel.counts.given:
            return f"nothing starts a transfer at {wording.actor(channel)}"
        case waits.DataWait(actor) if step.alone:
            return f"no stream leads to {wording.actor(actor)}, which waits for data"
        case waits.Ended(core):
            return f"{core.place} has ended its program, and others wait for it"
    return ""


def _no_token(_report: RunReport, step: Step, wording: Wording) -> str:
    """Whether the sequence waits for a token of a channel that has done all, and has none left."""
    if not isinstance(step.wait, waits.TokenWait):
        return ""
    for child in step.children:
        match child.wait:
            case waits.NoTask(Channel() as channel) if channel.counts.given:
                tokens = channel.counts.tokens
                left = (
                    "the ones of its transfers are used up" if tokens else "no transfer issues one"
                )
                return f"the sequence waits for a token of {wording.transfer(channel)}, and {left}"
    return ""


def _never_released(_report: RunReport, step: Step, wording: Wording) -> str:
    """Whether nobody could release what is waited for, or cores alone that never have."""
    wait = step.wait
    if isinstance(wait, waits.LockWait) and step.alone and not step.later:
        return f"nobody releases what {wording.actor(wait.actor)} waits for"
    actors = [child.wait.actor for child in step.children]
    if (
        not isinstance(wait, waits.LockWait)
        or not actors
        or any(a in wait.lock.releasers for a in actors)
    ):
        return ""
    if not all(isinstance(actor, Core) for actor in actors):
        return ""
    cores = " or ".join(actor.place for actor in actors)
    lock = wording.lock(wait.lock)
    return f"{cores} has never released {lock}, which {wording.actor(wait.actor)} waits for"


def _words(report: RunReport, channel: Channel) -> int:
    """What a channel has moved in the run."""
    counts = report.statistics.channels.get(channel.place)
    return counts.bytes // _WORD if counts is not None else 0


def _elements(channel: Channel, wording: Wording) -> tuple[int, str]:
    """How many elements a word holds of the buffer that a channel fills, and what to call them."""
    place = channel.engine.memory_place(channel)
    element = "" if place is None else wording.element(*place)
    if element not in OF_MLIR:
        return 1, "words"
    size = dtype(OF_MLIR[element]).itemsize
    return (_WORD // size, "elements") if size <= _WORD else (1, "words")

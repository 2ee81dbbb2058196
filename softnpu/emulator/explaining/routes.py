"""Where streams lead, followed without sending anything: for explanations and checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from softnpu.emulator.streams.packet_port import PacketPort
from softnpu.emulator.streams.streams import Branch, DeadEnd, Link, Target
from softnpu.errors import EmulatorError

if TYPE_CHECKING:
    from softnpu.emulator.array.array import Array
    from softnpu.emulator.scheduling.scheduler import Actor


def ends(link: Link) -> list[Target]:
    """The targets that a stream beginning with `link` can reach, DeadEnds included."""
    found: list[Target] = []
    _follow(link, found, set())
    return found


def _follow(link: Link, found: list[Target], seen: set[Link]) -> None:
    if link in seen:
        return
    seen.add(link)
    try:
        link.refresh()
    except EmulatorError:
        return
    target = link.target
    if isinstance(target, Branch):
        for output in target.outputs:
            _follow(output, found, seen)
    elif isinstance(target, PacketPort):
        outputs = target.possible_outputs()
        for output in outputs:
            _follow(output, found, seen)
        if not outputs:
            found.append(DeadEnd(target.place, "no packet rule leads on from there"))
    elif target not in found:
        found.append(target)


def sources(array: Array) -> Iterator[tuple[Actor, Link]]:
    """Everything that can send, with the link that it sends into."""
    for tile in array.tiles.values():
        for sender in tile.dma.senders:
            yield sender, sender.output
        yield tile.control_port, tile.control_port.output
    for core in array.cores():
        yield core, core.stream_out


def sources_of(array: Array, target: Target) -> list[Actor]:
    """Everything whose stream can reach `target`."""
    return [actor for actor, link in sources(array) if target in ends(link)]

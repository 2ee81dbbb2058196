"""`aie-objectfifo-liveness`: broadcasts that hang because their objectfifos are too shallow.

Objectfifos that share a tile hold each other up: whoever fills one waits until another is emptied.
In such a cycle a broadcast that is repeated has `consumers * repeats` objects under way, and room
for twice its depth; with less room the array hangs (AIEObjectFifoLiveness.cpp). What is found is
certain; a design that passes can still hang for other reasons.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, ModuleOp
from xdsl.ir import Attribute, SSAValue
from xdsl.passes import ModulePass

from softnpu.dialects.aie import DeviceOp, ObjectFifoCreateOp
from softnpu.dialects.source import design_error
from softnpu.passes.device_ops import of_type
from softnpu.passes.sequence_ops import devices

ROOM = 2
"""Times the depth: at the producer, and at the consumers."""
_NUMBERED = re.compile(r"_\d+$")


@dataclass(frozen=True)
class ObjectFifoLivenessPass(ModulePass):
    """Refuse devices that hang for want of depth; change nothing."""

    name = "aie-objectfifo-liveness"

    def apply(self, ctx: Context, op: ModuleOp) -> None:  # noqa: ARG002
        for device in devices(op):
            _check(device)


@dataclass
class _Broadcast:
    """Cyclic objectfifos with several consumers that carry the parts of one tensor.

    Nothing in a design says so but their names, `weights_0` and `weights_1`; they count as parts
    only if they are of one shape, depth and repeat count and reach different tiles.
    """

    first: ObjectFifoCreateOp
    consumers: list[SSAValue] = field(default_factory=list)
    cycles: set[int] = field(default_factory=set)

    def takes(self, fifo: ObjectFifoCreateOp) -> bool:
        return _signature(fifo) == _signature(self.first) and not (
            set(self.consumers) & set(fifo.consumer_tiles)
        )


def _check(device: DeviceOp) -> None:
    fifos = [
        fifo
        for fifo in of_type(device, ObjectFifoCreateOp)
        if not isinstance(fifo.elem_number, ArrayAttr)
    ]
    cycle_of = _cycles(fifos)
    repeats: dict[int, int] = {}
    for fifo, cycle in cycle_of.items():
        repeats[cycle] = max(repeats.get(cycle, 1), _repeats(fifo))
    for broadcast in _broadcasts(cycle_of):
        times = max(repeats[cycle] for cycle in broadcast.cycles)
        under_way = len(broadcast.consumers) * times
        depth = broadcast.first.size()
        # An only trip drains, however wide it is.
        if times > 1 and depth > 0 and ROOM * depth < under_way:
            raise design_error(
                broadcast.first,
                f"objectfifo '@{_base(broadcast.first)}' hangs: it is {depth} deep and needs to "
                f"be {-(-under_way // ROOM)}",
                f"{len(broadcast.consumers)} consumers and {times} repeats: {under_way} objects "
                f"are under way, and there is room for {ROOM * depth}",
                "make it deeper, or give it fewer consumers",
            )


def _cycles(fifos: list[ObjectFifoCreateOp]) -> dict[ObjectFifoCreateOp, int]:
    """The number of its cycle for each objectfifo that shares a tile with another's other end."""
    cycle = list(range(len(fifos)))
    for one, producer in enumerate(fifos):
        for other, consumer in enumerate(fifos):
            if producer.producer_tile in consumer.consumer_tiles:
                merged = cycle[other]
                cycle = [cycle[one] if number == merged else number for number in cycle]
    sizes = Counter(cycle)
    return {fifo: number for fifo, number in zip(fifos, cycle, strict=True) if sizes[number] > 1}


def _broadcasts(cycle_of: dict[ObjectFifoCreateOp, int]) -> list[_Broadcast]:
    found: list[_Broadcast] = []
    by_name: dict[str, _Broadcast] = {}
    for fifo, cycle in cycle_of.items():
        if len(fifo.consumer_tiles) < 2:
            continue
        known = by_name.get(_base(fifo))
        if known is None or not known.takes(fifo):
            known = _Broadcast(fifo)
            by_name.setdefault(_base(fifo), known)
            found.append(known)
        known.consumers += fifo.consumer_tiles
        known.cycles.add(cycle)
    return found


def _base(fifo: ObjectFifoCreateOp) -> str:
    return _NUMBERED.sub("", fifo.sym_name)


def _repeats(fifo: ObjectFifoCreateOp) -> int:
    return fifo.repeat_count or 1


def _signature(fifo: ObjectFifoCreateOp) -> tuple[Attribute, int, int]:
    return fifo.elem_type, fifo.size(), _repeats(fifo)

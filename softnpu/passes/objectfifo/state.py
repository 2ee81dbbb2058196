"""What the steps of the lowering know of the device's objectfifos."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field

from xdsl.ir import SSAValue

from softnpu.arch.device import Device
from softnpu.dialects.aie import (
    BufferOp,
    CoreOp,
    DeviceOp,
    DMAChannelDir,
    ExternalBufferOp,
    LockOp,
    ObjectFifoAllocateOp,
    ObjectFifoCreateOp,
    ObjectFifoLinkOp,
    TileOp,
)
from softnpu.dialects.source import design_warning
from softnpu.passes.device_ops import of_type
from softnpu.passes.sequence_ops import model_of

_log = logging.getLogger(__name__)


@dataclass
class FifoState:
    """The objectfifos of one device while they are lowered.

    Attributes:
        device: the design's device.
        target: what that device can do.
        buffers, locks: what has been made for a fifo, in order; a fifo that shares a link's
            objects has none of its own.
        external: the external buffers of a fifo's shim end.
        splits: each fifo that needs DMAs with the fifos of its consumers' ends.
        link_owner: the fifo whose buffers and locks all fifos of a link use.
        split_for_link: fifos that could share a memory but are split for their link's sake.
        channels: the DMA channels in core and memory tiles that serve a fifo.
        taken: bytes that objects take in a tile so far.
        written_as: the author's name of the fifo behind each fifo that is made here.
    """

    device: DeviceOp
    target: Device
    links: list[ObjectFifoLinkOp]
    allocations: dict[str, ObjectFifoAllocateOp]
    cores: dict[SSAValue, list[CoreOp]]
    buffers: dict[ObjectFifoCreateOp, list[BufferOp]] = field(default_factory=dict)
    locks: dict[ObjectFifoCreateOp, list[LockOp]] = field(default_factory=dict)
    external: dict[ObjectFifoCreateOp, list[ExternalBufferOp]] = field(default_factory=dict)
    splits: list[tuple[ObjectFifoCreateOp, list[ObjectFifoCreateOp]]] = field(default_factory=list)
    link_owner: dict[ObjectFifoLinkOp, ObjectFifoCreateOp] = field(default_factory=dict)
    split_for_link: set[ObjectFifoCreateOp] = field(default_factory=set)
    channels: dict[ObjectFifoCreateOp, list[tuple[SSAValue, DMAChannelDir, int]]] = field(
        default_factory=dict
    )
    taken: Counter[TileOp] = field(default_factory=Counter)
    written_as: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.find_fifos()
        self.find_links()

    @classmethod
    def of(cls, device: DeviceOp) -> FifoState:
        """The state before anything is done."""
        cores: dict[SSAValue, list[CoreOp]] = {}
        for core in of_type(device, CoreOp):
            cores.setdefault(core.tile, []).append(core)
        return cls(
            device=device,
            target=model_of(device),
            links=list(of_type(device, ObjectFifoLinkOp)),
            allocations=_allocations(device),
            cores=cores,
        )

    def fifos(self) -> list[ObjectFifoCreateOp]:
        """All objectfifos of the device, in order."""
        return [*self._fifos]

    def find_fifos(self) -> None:
        """Note the fifos of the device; to be called again when there are others."""
        self._fifos = list(of_type(self.device, ObjectFifoCreateOp))

    def find_links(self) -> None:
        """Note which fifos the links name; to be called again when they name others."""
        self._linked = {
            name: link
            for link in reversed(self.links)
            for name in (*link.fifo_ins, *link.fifo_outs)
        }

    def link_of(self, fifo: ObjectFifoCreateOp) -> ObjectFifoLinkOp | None:
        """The (first) link that a fifo takes part in."""
        return self._linked.get(fifo.sym_name)

    def owner(self, fifo: ObjectFifoCreateOp) -> ObjectFifoCreateOp:
        """The fifo whose buffers and locks `fifo` uses: its link's owner, or itself."""
        link = self.link_of(fifo)
        return fifo if link is None else self.link_owner.get(link, fifo)

    def name(self, fifo: ObjectFifoCreateOp) -> str:
        """A fifo in an error message, as the author calls it."""
        return f"@{self.written_as.get(fifo.sym_name, fifo.sym_name)}"

    def link_text(self, link: ObjectFifoLinkOp) -> str:
        """A link in an error message, as the author wrote it."""
        ends = [
            ", ".join(f"@{self.written_as.get(name, name)}" for name in side)
            for side in (link.fifo_ins, link.fifo_outs)
        ]
        return f"[{ends[0]}] -> [{ends[1]}]"

    def is_memory_tile(self, tile: TileOp) -> bool:
        return self.target.is_memory_tile(*tile.position)

    def is_shim(self, tile: TileOp) -> bool:
        return self.target.is_shim(*tile.position)


def _allocations(device: DeviceOp) -> dict[str, ObjectFifoAllocateOp]:
    """Where the author wants objects to lie; of several wishes for one fifo the last counts."""
    found: dict[str, ObjectFifoAllocateOp] = {}
    for op in of_type(device, ObjectFifoAllocateOp):
        if op.obj_fifo_name in found:
            _log.warning(
                design_warning(
                    op,
                    f"objectfifo @{op.obj_fifo_name} is allocated a second time; "
                    "as in aie-opt, only the last allocation counts",
                    "its buffers can lie in one tile only: remove all but one "
                    f"aie.objectfifo.allocate @{op.obj_fifo_name}",
                )
            )
        found[op.obj_fifo_name] = op
    return found


def describe(tile: TileOp) -> str:
    """A tile in an error message."""
    return f"tile ({tile.col}, {tile.row})"

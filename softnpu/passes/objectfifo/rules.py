"""What the lowering asks of a design beyond the dialect's rules (softnpu/dialects/rules)."""

from __future__ import annotations

from softnpu.dialects.aie import ObjectFifoLinkOp
from softnpu.dialects.sizes import element_count
from softnpu.dialects.source import design_error
from softnpu.passes.objectfifo.state import FifoState


def check_fifos(state: FifoState) -> None:
    """Raises DesignError for the first link that cannot be lowered."""
    linked: set[str] = set()
    for link in state.links:
        _check_linked_once(link, linked)
        _check_parts(link)


def _check_linked_once(link: ObjectFifoLinkOp, linked: set[str]) -> None:
    for name in (*link.fifo_ins, *link.fifo_outs):
        if name in linked:
            raise design_error(
                link,
                f"objectfifo @{name} is in more than one link",
                "an objectfifo can be in one aie.objectfifo.link only; "
                "to join or distribute, name several fifos in that one",
            )
        linked.add(name)


def _check_parts(link: ObjectFifoLinkOp) -> None:
    """Each part of a joined or distributed object holds something."""
    if not (link.is_join or link.is_distribute):
        return
    whole = link.output_object_fifos[0] if link.is_join else link.input_object_fifos[0]
    offsets = link.src_offsets if link.is_join else link.dst_offsets
    size = element_count(whole.element_type)
    limits = [*offsets[1:], size]
    if any(start >= stop for start, stop in zip(offsets, limits, strict=True)):
        raise design_error(
            link,
            f"the offsets {list(offsets)} do not cut the {size} elements of an object of "
            f"@{whole.sym_name} into {len(offsets)} parts",
            "offsets count elements, grow from one to the next, and lie inside the object",
        )

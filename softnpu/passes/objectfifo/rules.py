"""What the lowering asks of a design beyond the dialect's rules (softnpu/dialects/rules)."""

from __future__ import annotations

import logging

from softnpu.dialects.aie import ObjectFifoLinkOp
from softnpu.dialects.sizes import element_bytes, element_count, memref_bytes
from softnpu.dialects.source import design_error, design_warning
from softnpu.passes.objectfifo.state import FifoState

_log = logging.getLogger(__name__)


def check_fifos(state: FifoState) -> None:
    """Raises DesignError for the first link that cannot be lowered."""
    linked: set[str] = set()
    for link in state.links:
        _check_linked_once(link, linked)
        _check_parts(link)
        _warn_of_cuts(link)


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
    """No part of a joined or distributed object is of negative length; an empty one is told of."""
    if not (link.is_join or link.is_distribute):
        return
    whole = link.output_object_fifos[0] if link.is_join else link.input_object_fifos[0]
    offsets = link.src_offsets if link.is_join else link.dst_offsets
    size = element_count(whole.element_type)
    lengths = [stop - start for start, stop in zip(offsets, [*offsets[1:], size], strict=True)]
    if min(lengths) < 0:
        raise design_error(
            link,
            f"the offsets {list(offsets)} do not cut the {size} elements of an object of "
            f"@{whole.sym_name} into {len(offsets)} parts",
            "offsets count elements, grow from one to the next, and lie inside the object",
        )
    if 0 in lengths:
        fifo = (link.fifo_ins if link.is_join else link.fifo_outs)[lengths.index(0)]
        _log.warning(
            design_warning(
                link,
                f"the offsets {list(offsets)} leave @{fifo} none of the {size} elements of an "
                f"object of @{whole.sym_name}: its DMA moves nothing",
                "offsets count elements, grow from one to the next, and lie inside the object",
            )
        )


def _warn_of_cuts(link: ObjectFifoLinkOp) -> None:
    """Tells of objects that begin within others: neither size is a multiple of the other."""
    ins, outs = link.input_object_fifos, link.output_object_fifos
    whole = outs[0] if link.is_join else ins[0]
    others = ins if link.is_join else outs
    size = memref_bytes(whole.element_type)
    sizes = [size]
    if link.is_join or link.is_distribute:
        offsets = link.src_offsets if link.is_join else link.dst_offsets
        unit = element_bytes(whole.element_type)
        ends = [*offsets[1:], element_count(whole.element_type)]
        sizes = [(end - start) * unit for start, end in zip(offsets, ends, strict=True)]
    for fifo, part in zip(others, sizes, strict=True):
        own = memref_bytes(fifo.element_type)
        if fifo.pad_dimensions is None and part and part % own and own % part:
            what = "objects" if len(sizes) == 1 else "the parts"
            _log.warning(
                design_warning(
                    link,
                    f"{what} of @{whole.sym_name} have {part} bytes, objects of @{fifo.sym_name} "
                    f"{own}: neither is a multiple of the other, so that objects begin within "
                    "others",
                    "give both one size, or one a multiple of the other's",
                )
            )

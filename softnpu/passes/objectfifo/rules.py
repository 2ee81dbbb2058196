"""What an objectfifo may ask for: the rules of mlir-aie's verifiers (AIEDialect.cpp)."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from xdsl.dialects.builtin import ArrayAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation

from softnpu.dialects.aie import (
    BDDimLayoutArrayAttr,
    CoreOp,
    ObjectFifoAcquireOp,
    ObjectFifoAllocateOp,
    ObjectFifoCreateOp,
    ObjectFifoLinkOp,
    ObjectFifoPort,
    ObjectFifoReleaseOp,
    ObjectFifoSubviewAccessOp,
    TileOp,
)
from softnpu.dialects.sizes import element_count
from softnpu.dialects.source import design_error
from softnpu.passes.device_ops import of_type
from softnpu.passes.objectfifo.split import STREAM_TO_BOTH, STREAM_TO_CONSUMER, STREAM_TO_PRODUCER
from softnpu.passes.objectfifo.state import FifoState, describe

MAX_ITERATIONS = 256
"""A DMA channel repeats a chain up to this often (mlir-aie, ObjectFifoCreateOp::verify)."""

Problem = tuple[str, str]
"""What is wrong, and what to do."""


def check_fifos(state: FifoState) -> None:
    """Raises DesignError for the first objectfifo, link or access that breaks a rule."""
    fifos = {fifo.sym_name: fifo for fifo in state.fifos()}
    for fifo in fifos.values():
        _check_placed(fifo)
        _raise_first(fifo, f"objectfifo @{fifo.sym_name} ", _fifo_problems(state, fifo))
    for allocation in of_type(state.device, ObjectFifoAllocateOp):
        name = allocation.obj_fifo_name
        _raise_first(
            allocation, f"objectfifo @{name} ", _allocation_problems(_named(fifos, allocation))
        )
    _check_links(state, fifos)
    for op in state.device.body.ops:
        core = op if isinstance(op, CoreOp) else None
        if core is not None or isinstance(op, FuncOp):
            for inner in op.walk():
                _check_access(core, inner, fifos)


def _raise_first(op: Operation, subject: str, problems: Iterator[Problem]) -> None:
    for message, remedy in problems:
        raise design_error(op, subject + message, remedy)


def _named(
    fifos: dict[str, ObjectFifoCreateOp],
    op: ObjectFifoAllocateOp | ObjectFifoAcquireOp | ObjectFifoReleaseOp,
) -> ObjectFifoCreateOp:
    return _lookup(fifos, op, op.obj_fifo_name)


def _lookup(fifos: dict[str, ObjectFifoCreateOp], op: Operation, name: str) -> ObjectFifoCreateOp:
    fifo = fifos.get(name)
    if fifo is None:
        known = ", ".join(f"@{known}" for known in fifos) or "none"
        raise design_error(op, f"there is no objectfifo @{name}", f"objectfifos: {known}")
    return fifo


# objectfifos


def _check_placed(fifo: ObjectFifoCreateOp) -> None:
    for tile in (fifo.producer_tile, *fifo.consumer_tiles):
        if not isinstance(tile.owner, TileOp):
            raise design_error(
                fifo,
                f"objectfifo @{fifo.sym_name} has an end whose tile is not placed",
                "use aie.tile(column, row) for its producer and consumers",
            )


def _fifo_problems(state: FifoState, fifo: ObjectFifoCreateOp) -> Iterator[Problem]:
    producer, consumers = fifo.producer_tile_op, fifo.consumer_tile_ops
    ends = 1 + len(consumers)
    if isinstance(fifo.elem_number, ArrayAttr) and len(fifo.depths) != ends:
        yield (
            f"has {ends} ends but {len(fifo.depths)} depths",
            "list the producer's depth and one for each consumer, or give a single depth",
        )
    in_sequence = "the runtime sequence rearranges data in the host's memory instead"
    if state.is_shim(producer):
        if len(fifo.dimensions_to_stream):
            yield "cannot have dimensionsToStream, for a shim produces it", in_sequence
        if fifo.repeat_count is not None:
            yield (
                "cannot have a repeat_count, for a shim produces it",
                "repeat the transfer in the runtime sequence",
            )
        if fifo.init_values is not None:
            yield (
                "cannot have initial values, for a shim produces it",
                "a shim tile has no memory; let a memory tile produce it",
            )
    for tile in consumers:
        if state.is_shim(tile) and len(fifo.dimensions_from_stream(tile.result)):
            yield "cannot have dimensionsFromStream where a shim consumes it", in_sequence
    if fifo.init_values is not None and len(fifo.init_values) != fifo.size():
        yield (
            f"is {fifo.size()} objects deep but has {len(fifo.init_values)} initial values",
            "give one initial value for each object",
        )
    yield from _iteration_problems(state, fifo)
    yield from _stream_problems(state, fifo)


def _iteration_problems(state: FifoState, fifo: ObjectFifoCreateOp) -> Iterator[Problem]:
    count = fifo.iter_count
    if count is None:
        return
    if not 1 <= count <= MAX_ITERATIONS:
        yield f"has an iter_count of {count}", f"it must be between 1 and {MAX_ITERATIONS}"
    tiles = (fifo.producer_tile_op, *fifo.consumer_tile_ops)
    if not any(state.is_memory_tile(tile) for tile in tiles):
        yield (
            "has an iter_count but no end in a memory tile",
            "only memory tiles count iterations: let one pass the objects on",
        )


def _stream_problems(state: FifoState, fifo: ObjectFifoCreateOp) -> Iterator[Problem]:
    stream = fifo.aie_stream
    if stream is None:
        if fifo.aie_stream_port is not None:
            yield (
                "has an aie_stream_port but no aie_stream",
                "say which end: aie_stream = 0, 1 or 2",
            )
        return
    if len(fifo.consumer_tiles) > 1:
        yield "has an aie_stream and several consumers", "only one consumer is possible"
    if fifo.aie_stream_port is None:
        yield "has an aie_stream but no aie_stream_port", "cores have the ports 0 and 1"
    ends = []
    if stream in (STREAM_TO_PRODUCER, STREAM_TO_BOTH):
        ends.append(fifo.producer_tile_op)
        nowhere = "there are no objects at a stream port"
        for name, asked in (
            ("a repeat_count", fifo.repeat_count is not None),
            ("initial values", fifo.init_values is not None),
            ("an iter_count", fifo.iter_count is not None),
            ("dimensionsToStream", len(fifo.dimensions_to_stream) > 0),
        ):
            if asked:
                yield f"cannot have {name}, for it is produced at a core's stream port", nowhere
    if stream in (STREAM_TO_CONSUMER, STREAM_TO_BOTH):
        ends.append(fifo.consumer_tile_ops[0])
    for tile in ends:
        if state.is_shim(tile) or state.is_memory_tile(tile):
            yield f"has an aie_stream end in {describe(tile)}", "only cores have stream ports"
    if any(len(dims) for dims in fifo.dimensions_from_stream_per_consumer):
        yield (
            "cannot have both aie_stream and dimensionsFromStream",
            "rearrange the data elsewhere",
        )


def _allocation_problems(fifo: ObjectFifoCreateOp) -> Iterator[Problem]:
    remedy = "remove the aie.objectfifo.allocate"
    if len(fifo.consumer_tiles) != 1:
        yield "has several consumers and cannot be allocated in a shared memory", remedy
    for name, asked in (
        ("via_DMA", fifo.via_dma),
        ("a repeat_count", fifo.repeat_count is not None),
        ("dimensionsToStream", len(fifo.dimensions_to_stream) > 0),
        ("aie_stream", fifo.aie_stream is not None),
    ):
        if asked:
            yield f"has {name}, so its objects travel and cannot share a memory", remedy


# links


def _check_links(state: FifoState, fifos: dict[str, ObjectFifoCreateOp]) -> None:
    linked: set[str] = set()
    for link in state.links:
        for name in (*link.fifo_ins, *link.fifo_outs):
            _lookup(fifos, link, name)
            if name in linked:
                raise design_error(
                    link,
                    f"objectfifo @{name} is in more than one link",
                    "an objectfifo can be in one aie.objectfifo.link only; "
                    "to join or distribute, name several fifos in that one",
                )
            linked.add(name)
        _raise_first(link, "this link ", _link_problems(state, link))


def _link_problems(state: FifoState, link: ObjectFifoLinkOp) -> Iterator[Problem]:
    if link.is_join and link.is_distribute:
        yield "both joins and distributes", "make two links, with a fifo between them"
    shared = link.shared_tile
    if shared is None:
        yield (
            "has no tile that its objectfifos share",
            "its inputs must be consumed where its outputs are produced",
        )
        return
    tile = shared.owner
    assert isinstance(tile, TileOp)
    if not (link.is_join or link.is_distribute):
        if link.src_offsets and link.dst_offsets:
            yield "has offsets but neither joins nor distributes", "write ([] [])"
        return
    if not state.is_memory_tile(tile):
        yield (
            f"joins or distributes in {describe(tile)}",
            "only memory tiles can: put the shared tile in row 1",
        )
    yield from _offset_problems(link)
    if link.is_distribute:
        counts = {fifo.repeat_count for fifo in link.output_object_fifos}
        if len(counts) > 1:
            yield "has outputs with different repeat counts", "give all of them the same"


def _offset_problems(link: ObjectFifoLinkOp) -> Iterator[Problem]:
    if link.is_join:
        verb, names, offsets, others = "joins", link.fifo_ins, link.src_offsets, link.dst_offsets
        whole = link.output_object_fifos[0]
        dims = whole.dimensions_to_stream
    else:
        verb, names = "distributes to", link.fifo_outs
        offsets, others = link.dst_offsets, link.src_offsets
        whole = link.input_object_fifos[0]
        shared = link.shared_tile
        assert shared is not None
        dims = whole.dimensions_from_stream(shared)
    if len(offsets) != len(names) or others:
        yield (
            f"{verb} {len(names)} objectfifos, with offsets ({list(link.src_offsets)} "
            f"{list(link.dst_offsets)})",
            f"give one offset into the objects of @{whole.sym_name} for each: "
            + ("([...] [])" if link.is_join else "([] [...])"),
        )
        return
    limits = [*offsets[1:], element_count(whole.element_type)]
    lengths = [stop - start for start, stop in zip(offsets, limits, strict=True)]
    if min(lengths) <= 0:
        yield (
            f"has offsets {list(offsets)} into objects of {limits[-1]} elements",
            "offsets must grow, and lie inside the object",
        )
    last = _last_index(dims)
    if last >= min(lengths):
        yield (
            f"rearranges each part of @{whole.sym_name} with dimensions that reach index {last}, "
            f"but the shortest part has {min(lengths)} elements",
            "dimensions apply to each part by itself",
        )


def _last_index(dims: BDDimLayoutArrayAttr) -> float:
    if not len(dims):
        return -inf
    return sum((dim.size - 1) * dim.stride for dim in dims)


# accesses


def _check_access(core: CoreOp | None, op: Operation, fifos: dict[str, ObjectFifoCreateOp]) -> None:
    if isinstance(op, ObjectFifoAcquireOp | ObjectFifoReleaseOp):
        if core is None:
            raise design_error(
                op,
                f"@{op.obj_fifo_name} is used in a function",
                "acquire and release in the aie.core itself, and pass the objects on",
            )
        fifo = _named(fifos, op)
        _check_port(core, op, fifo)
    if isinstance(op, ObjectFifoAcquireOp):
        given = op.subview_type.memref
        if given != fifo.element_type:
            raise design_error(
                op,
                f"objects of @{fifo.sym_name} are {fifo.element_type}, acquired as {given}",
            )
    if isinstance(op, ObjectFifoSubviewAccessOp):
        acquire = op.acquire_op
        if op.index >= acquire.acq_number:
            raise design_error(
                op,
                f"object {op.index} of @{acquire.obj_fifo_name} is accessed, "
                f"but only {acquire.acq_number} are acquired; objects count from 0",
            )


def _check_port(
    core: CoreOp, op: ObjectFifoAcquireOp | ObjectFifoReleaseOp, fifo: ObjectFifoCreateOp
) -> None:
    produces = op.port is ObjectFifoPort.Produce
    tiles = (fifo.producer_tile,) if produces else fifo.consumer_tiles
    if core.tile in tiles:
        return
    places = " and ".join(describe(tile.owner) for tile in tiles if isinstance(tile.owner, TileOp))
    role = "produced in" if produces else "consumed in"
    raise design_error(
        op,
        f"the core of {describe(core.tile_op)} uses @{fifo.sym_name} as "
        f"{op.port.name.lower()}r, but it is {role} {places}",
        "use the other port, or name this core's tile in the objectfifo",
    )

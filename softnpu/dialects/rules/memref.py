"""Rules of memref and affine: indices for each dimension, and views that lie in what they view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, cast

from xdsl.dialects import memref
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    AffineMapAttr,
    ArrayAttr,
    DenseIntOrFPElementsAttr,
    IntegerAttr,
    IntegerType,
    MemRefType,
    NoneAttr,
    StridedLayoutAttr,
    UnrankedMemRefType,
)
from xdsl.ir import Attribute, Operation, SSAValue

from softnpu.dialects.aie.symbols import lookup, symbol_name, tables_around
from softnpu.dialects.rules.common import did_you_mean
from softnpu.dialects.rules.types import check_same, memref_of
from softnpu.dialects.sizes import memref_bytes
from softnpu.dialects.source import design_error, location_of

# elements


def check_load(op: memref.LoadOp) -> None:
    """An index for each dimension, and the element's type."""
    _check_access(op, op.memref, len(op.indices), op.result_types[0])


def check_store(op: memref.StoreOp) -> None:
    """An index for each dimension, and the element's type."""
    _check_access(op, op.memref, len(op.indices), op.operands[0].type)


def _check_access(op: Operation, memory: SSAValue, indices: int, moved: Attribute) -> None:
    type = memref_of(op, memory.type)
    rank = len(type.get_shape())
    if indices != rank:
        raise design_error(op, f"{indices} indices into a memref of {rank} dimensions, {type}")
    if moved != type.element_type:
        raise design_error(op, f"'{op.name}': an element of {type} is no {moved}")


def check_affine_access(op: Operation) -> None:
    """The map gives an index for each dimension, from as many values as it takes."""
    stores = op.name == "affine.store"
    memory, *values = op.operands[1:] if stores else op.operands
    stored = op.properties.get("map")
    if isinstance(stored, AffineMapAttr):
        affine = stored.data
        _check_values(op, affine.num_dims + affine.num_symbols, len(values))
        moved = op.operands[0].type if stores else op.result_types[0]
        _check_access(op, memory, len(affine.results), moved)


def check_affine_map(op: Operation) -> None:
    """As many values as the map takes."""
    stored = op.properties.get("map")
    if not isinstance(stored, AffineMapAttr):
        return
    _check_values(op, stored.data.num_dims + stored.data.num_symbols, len(op.operands))
    if op.name == "affine.apply" and len(stored.data.results) != 1:
        raise design_error(op, f"affine.apply gives one result, its map {len(stored.data.results)}")


def _check_values(op: Operation, wanted: int, found: int) -> None:
    if found != wanted:
        raise design_error(op, f"the map of '{op.name}' takes {wanted} values, found {found}")


def check_atomic(op: memref.AtomicRMWOp) -> None:
    """As a load and a store."""
    _check_access(op, op.memref, len(op.indices), op.operands[0].type)
    check_same(op, "the result is the element before", list(op.result_types), [op.operands[0].type])


# memory


def check_alloc(op: memref.AllocOp | memref.AllocaOp) -> None:
    """A value for each size that is not known."""
    type = memref_of(op, op.result_types[0])
    unknown = sum(size == DYNAMIC_INDEX for size in type.get_shape())
    if len(op.dynamic_sizes) != unknown:
        raise design_error(
            op, f"{type} leaves {unknown} sizes open, but {len(op.dynamic_sizes)} are given"
        )


def check_global(op: memref.GlobalOp) -> None:
    """A memref whose size is known."""
    type = op.properties.get("type")
    if not isinstance(type, MemRefType) or not type.has_static_shape():
        raise design_error(op, f"a global is a memref of known size, found {type}")
    value = op.properties.get("initial_value")
    if isinstance(value, DenseIntOrFPElementsAttr) and (
        value.get_element_type() != type.element_type or value.get_shape() != type.get_shape()
    ):
        raise design_error(op, f"the initial value is a {value.type}, the global a {type}")


def check_get_global(op: memref.GetGlobalOp) -> None:
    """The global exists and is of this type."""
    name = op.name_.root_reference.data
    found = lookup(op, name)
    if not isinstance(found, memref.GlobalOp):
        known = [
            symbol_name(other) or ""
            for table in tables_around(op)
            for block in table.regions[0].blocks
            for other in block.ops
            if isinstance(other, memref.GlobalOp)
        ]
        raise design_error(op, f"there is no memref.global '@{name}'{did_you_mean(name, known)}")
    if found.properties["type"] != op.result_types[0]:
        raise design_error(
            op,
            f"@{name} is a {found.properties['type']}, not a {op.result_types[0]}",
            f"it is declared at {location_of(found)}",
        )


def check_copy(op: memref.CopyOp) -> None:
    """Memrefs of one shape and element type."""
    source, target = (memref_of(op, type) for type in op.operand_types)
    if source.element_type != target.element_type or not _compatible(
        source.get_shape(), target.get_shape()
    ):
        raise design_error(
            op, f"memref.copy needs one shape and one element type, found {source} and {target}"
        )


# views


def _compatible(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether two shapes, or lists of strides, agree where both are known."""
    return len(one) == len(other) and all(
        a == b or DYNAMIC_INDEX in (a, b) for a, b in zip(one, other, strict=True)
    )


def _layout(type: MemRefType) -> tuple[list[int], int] | None:
    """(strides, offset) in elements; None for the layout of an affine map."""
    shape = list(type.get_shape())
    if isinstance(type.layout, NoneAttr):
        unknown = DYNAMIC_INDEX in shape[1:]
        strides = [DYNAMIC_INDEX if unknown else prod(shape[i + 1 :]) for i in range(len(shape))]
        return strides, 0
    if isinstance(type.layout, StridedLayoutAttr):
        known = [DYNAMIC_INDEX if s is None else s for s in type.layout.get_strides()]
        offset = type.layout.get_offset()
        return known, DYNAMIC_INDEX if offset is None else offset
    return None


def _known(value: int, *others: int) -> bool:
    return DYNAMIC_INDEX not in (value, *others)


def check_cast(op: memref.CastOp) -> None:
    """The same elements in the same shape, of which one may know more."""
    source, target = op.source.type, op.dest.type
    if isinstance(source, UnrankedMemRefType) or isinstance(target, UnrankedMemRefType):
        fits = cast(MemRefType, source).element_type == cast(MemRefType, target).element_type
    else:
        one, other = memref_of(op, source), memref_of(op, target)
        fits = (
            one.element_type == other.element_type
            and one.memory_space == other.memory_space
            and _compatible(one.get_shape(), other.get_shape())
            and _same_layout(one, other)
        )
    if not fits:
        raise design_error(
            op,
            f"memref.cast only forgets or recalls sizes and strides: {source} is no {target}",
        )


def _same_layout(one: MemRefType, other: MemRefType) -> bool:
    known, other_known = _layout(one), _layout(other)
    if known is None or other_known is None:
        return True
    return _compatible([*known[0], known[1]], [*other_known[0], other_known[1]])


Slice = memref.SubviewOp | memref.ReinterpretCastOp


def _slice(op: Slice) -> tuple[list[int], list[int], list[int]]:
    parts = (op.static_offsets, op.static_sizes, op.static_strides)
    offsets, sizes, strides = ([int(n) for n in part.get_values()] for part in parts)
    return offsets, sizes, strides


def check_subview(op: memref.SubviewOp) -> None:
    """A part that lies in the whole, and a type that says where."""
    source, result = memref_of(op, op.source.type), memref_of(op, op.result.type)
    offsets, sizes, strides = _slice(op)
    shape = source.get_shape()
    if not len(offsets) == len(sizes) == len(strides) == len(shape):
        raise design_error(
            op, f"a part of {source} has {len(shape)} offsets, sizes and strides, one a dimension"
        )
    for index, (size, *part) in enumerate(zip(shape, offsets, sizes, strides, strict=True)):
        offset, count, stride = part
        if not _known(size, *part):
            continue
        last = offset + (count - 1) * stride
        if offset < 0 or count < 0 or last >= size:
            raise design_error(
                op,
                f"dimension {index} of the part reaches from {offset} to {last}, "
                f"that of {source} from 0 to {size - 1}",
            )
    _check_part(op, source, result)


def _check_part(op: memref.SubviewOp, source: MemRefType, result: MemRefType) -> None:
    offsets, sizes, strides = _slice(op)
    kept = _kept(sizes, list(result.get_shape()))
    if kept is None or source.element_type != result.element_type:
        listed = "x".join("?" if size == DYNAMIC_INDEX else str(size) for size in sizes)
        raise design_error(op, f"the part is of {listed} {source.element_type}, not {result}")
    whole, found = _layout(source), _layout(result)
    if whole is None or found is None:
        return
    steps, begin = _steps(whole, offsets, strides)
    steps = [steps[index] for index in kept]
    if not _compatible([*steps, begin], [*found[0], found[1]]):
        shown = ["?" if number == DYNAMIC_INDEX else str(number) for number in (*steps, begin)]
        layout = f"strided<[{', '.join(shown[:-1])}], offset: {shown[-1]}>"
        raise design_error(op, f"the part has the layout {layout}, which {result} does not say")


def _steps(
    whole: tuple[list[int], int], offsets: list[int], strides: list[int]
) -> tuple[list[int], int]:
    """(strides, offset) of a part; DYNAMIC_INDEX for what is not known."""
    steps, begin = whole
    made = [
        step * stride if _known(step, stride) else DYNAMIC_INDEX
        for step, stride in zip(steps, strides, strict=True)
    ]
    for offset, step in zip(offsets, steps, strict=True):
        if offset and not _known(begin, offset, step):
            return made, DYNAMIC_INDEX
        begin += offset * step
    return made, begin


def _kept(sizes: list[int], shape: list[int]) -> list[int] | None:
    """The dimensions that the shape has; it may leave out such of size 1."""
    kept: list[int] = []
    for index, size in enumerate(sizes):
        left = shape[len(kept) :]
        if left and _compatible([size], left[:1]) and len(left) <= len(sizes) - index:
            kept.append(index)
        elif size != 1:
            return None
    return kept if len(kept) == len(shape) else None


def check_reinterpret_cast(op: memref.ReinterpretCastOp) -> None:
    """A type that says what the sizes and strides do, and no more elements than there are."""
    source, result = memref_of(op, op.source.type), memref_of(op, op.result.type)
    offsets, sizes, strides = _slice(op)
    if source.element_type != result.element_type:
        raise design_error(
            op, f"memref.reinterpret_cast keeps the elements, found {source} to {result}"
        )
    if len(sizes) != len(strides) or not _compatible(sizes, result.get_shape()):
        raise design_error(op, f"sizes {sizes} are not those of {result}")
    found = _layout(result)
    if found is not None and not _compatible([*strides, *offsets], [*found[0], found[1]]):
        raise design_error(
            op, f"strides {strides} and offset {offsets[0]} are not those of {result}"
        )
    if isinstance(source.layout, NoneAttr) and source.has_static_shape():
        _check_reach(op, source)


def _check_reach(op: memref.ReinterpretCastOp, source: MemRefType) -> None:
    offsets, sizes, strides = _slice(op)
    if not _known(0, *offsets, *sizes, *strides):
        return
    last = offsets[0] + sum(
        (size - 1) * stride for size, stride in zip(sizes, strides, strict=True)
    )
    elements = prod(source.get_shape())
    if last >= elements:
        raise design_error(
            op, f"it reaches element {last}, but {source} has elements 0 to {elements - 1}"
        )


def check_reshape(op: memref.ExpandShapeOp | memref.CollapseShapeOp) -> None:
    """The groups of dimensions hold as many elements as the dimension that they stand for."""
    source, result = memref_of(op, op.src.type), memref_of(op, op.result.type)
    wide, narrow = (source, result) if op.name == "memref.collapse_shape" else (result, source)
    groups = [
        [
            cast("IntegerAttr[Any]", index).value.data
            for index in cast("ArrayAttr[Attribute]", group)
        ]
        for group in cast("ArrayAttr[Attribute]", op.properties["reassociation"])
    ]
    shape = wide.get_shape()
    regular = [index for group in groups for index in group] == list(range(len(shape)))
    if (
        not regular
        or len(groups) != len(narrow.get_shape())
        or source.element_type != result.element_type
    ):
        raise design_error(op, f"{groups} does not turn the dimensions of {source} into {result}")
    for group, size in zip(groups, narrow.get_shape(), strict=True):
        sizes = [shape[index] for index in group]
        if _known(size, *sizes) and prod(sizes) != size:
            product = " * ".join(map(str, sizes))
            raise design_error(op, f"{product} elements of {wide} are not the {size} of {narrow}")


def check_view(op: memref.ViewOp) -> None:
    """Bytes, of which there are enough."""
    source, result = memref_of(op, op.source.type), memref_of(op, op.result.type)
    if source.element_type != IntegerType(8) or len(source.get_shape()) != 1:
        raise design_error(op, f"memref.view views a memref of bytes, memref<Nxi8>, not {source}")
    shift = _constant(op.byte_shift)
    if shift is None or not source.has_static_shape() or not result.has_static_shape():
        return
    end = shift + memref_bytes(result)
    if end > memref_bytes(source):
        raise design_error(
            op, f"{result} ends at byte {end} of {memref_bytes(source)}: it begins at {shift}"
        )


def _constant(value: SSAValue) -> int | None:
    owner = value.owner
    stored = owner.properties.get("value") if isinstance(owner, Operation) else None
    return stored.value.data if isinstance(stored, IntegerAttr) else None


RULES: dict[str, Callable[[Any], None]] = {
    "affine.apply": check_affine_map,
    "affine.load": check_affine_access,
    "affine.min": check_affine_map,
    "affine.max": check_affine_map,
    "affine.store": check_affine_access,
    "memref.alloc": check_alloc,
    "memref.alloca": check_alloc,
    "memref.atomic_rmw": check_atomic,
    "memref.cast": check_cast,
    "memref.collapse_shape": check_reshape,
    "memref.copy": check_copy,
    "memref.expand_shape": check_reshape,
    "memref.get_global": check_get_global,
    "memref.global": check_global,
    "memref.load": check_load,
    "memref.reinterpret_cast": check_reinterpret_cast,
    "memref.store": check_store,
    "memref.subview": check_subview,
    "memref.view": check_view,
}

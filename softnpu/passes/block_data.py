"""The globals that hold what block writes write: made once for each content, and read again.

Facts: mlir-aie, AIEX/Utils/AIEUtils.cpp, `getOrCreateDataMemref`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from struct import pack
from typing import Any

from xdsl.dialects.builtin import (
    BytesAttr,
    DenseIntOrFPElementsAttr,
    LocationAttr,
    MemRefType,
    StringAttr,
    SymbolRefAttr,
    TensorType,
    UnitAttr,
    i32,
)
from xdsl.dialects.memref import GetGlobalOp, GlobalOp

from softnpu.dialects.aie import DeviceOp, RuntimeSequenceOp
from softnpu.dialects.aie.symbols import symbol_name
from softnpu.dialects.aiex import NpuBlockWriteOp
from softnpu.dialects.making import made, trusted
from softnpu.dialects.source import design_error
from softnpu.passes.sequence_ops import Symbols

PREFIX = "blockwrite_data_"
WORD = 1 << 32
PRIVATE = StringAttr("private")


class BlockData:
    """The constant globals of the device around a runtime sequence; new ones go before it."""

    def __init__(self, sequence: RuntimeSequenceOp) -> None:
        self._sequence = sequence
        device = sequence.parent_op()
        assert isinstance(device, DeviceOp)
        self._names = {symbol_name(op) for op in device.body.ops}
        self._known: dict[tuple[int, ...], str] = {}
        for op in device.body.ops:
            if isinstance(op, GlobalOp) and (words := global_words(op)) is not None:
                self._known.setdefault(words, op.sym_name.data)
        self._next = 0
        self._references: dict[str, SymbolRefAttr] = {}

    def symbol_and_type(
        self, words: Sequence[int], location: LocationAttr
    ) -> tuple[str, MemRefType[Any]]:
        """The global that holds these 32-bit words, and its type; who asks first has made it."""
        name = self._known.get(tuple(words))
        if name is None:
            name = self._known[tuple(words)] = self._create(words, location)
        return name, words_type(len(words))

    def read(self, words: Sequence[int], location: LocationAttr) -> GetGlobalOp:
        """An op that gives the global that holds these words."""
        name, type = self.symbol_and_type(words, location)
        if name not in self._references:
            self._references[name] = SymbolRefAttr(name)
        return made(GetGlobalOp, (), (type,), {"name": self._references[name]}, location=location)

    def _create(self, words: Sequence[int], location: LocationAttr) -> str:
        while (name := f"{PREFIX}{self._next}") in self._names:
            self._next += 1
        self._names.add(name)
        block = self._sequence.parent_block()
        assert block is not None
        block.insert_op_before(constant_global(name, words, location), self._sequence)
        return name


@cache
def words_type(count: int) -> MemRefType[Any]:
    """The type of so many 32-bit words."""
    return MemRefType(i32, [count])


@cache
def _values_type(count: int) -> TensorType[Any]:
    return TensorType(i32, [count])


def constant_global(name: str, words: Sequence[int], location: LocationAttr) -> GlobalOp:
    """A private constant that holds 32-bit words."""
    data = trusted(BytesAttr, data=pack(f"<{len(words)}I", *words))
    value = trusted(DenseIntOrFPElementsAttr, type=_values_type(len(words)), data=data)
    properties = {
        "sym_name": StringAttr(name),
        "type": words_type(len(words)),
        "initial_value": value,
        "sym_visibility": PRIVATE,
        "constant": UnitAttr(),
    }
    return made(GlobalOp, properties=properties, location=location)


def global_words(op: GlobalOp) -> tuple[int, ...] | None:
    """The 32-bit words that a global holds, None if it holds anything else."""
    value = op.properties.get("initial_value")
    if not isinstance(value, DenseIntOrFPElementsAttr):
        return None
    return _words(value, op.type)


@lru_cache(1 << 12)  # one global may stand behind many block writes
def _words(value: DenseIntOrFPElementsAttr[Any], type: MemRefType[Any]) -> tuple[int, ...] | None:
    shape = type.get_shape()
    if len(shape) != 1 or type != words_type(shape[0]):
        return None
    return tuple(int(word) % WORD for word in value.get_values())


def block_words(op: NpuBlockWriteOp, symbols: Symbols) -> tuple[int, ...]:
    """The words that a block write writes.

    Raises:
        DesignError: its data is not a constant global of 32-bit words.
    """
    source = op.data.owner
    if not isinstance(source, GetGlobalOp):
        raise design_error(op, "a block write takes its data from memref.get_global")
    name = source.name_.root_reference.data
    constant = symbols.get(name)
    if not isinstance(constant, GlobalOp):
        raise symbols.unknown(op, name, GlobalOp, "memref.global")
    words = global_words(constant)
    if words is None:
        raise design_error(
            op,
            f"'@{name}' must be a memref<Nxi32> with a dense initial value, it is {constant.type}",
        )
    return words

"""A runtime sequence as a C++ function that writes its instruction stream: `aie-npu-to-cpp`.

What only the run knows, the function's caller gives it: the sequence's scalars, in their order.
The result is the stream for these, or nothing where a descriptor could not hold them or none was
left (mlir-aie, AIEXToEmitC.cpp; names and signatures are those of its generated functions).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from xdsl.dialects import scf
from xdsl.dialects.builtin import IndexType, IntegerAttr, IntegerType, MemRefType, ModuleOp
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.traits import is_side_effect_free

from softnpu.dialects.aie import DeviceOp, EndOp, RuntimeSequenceOp, TraceHostConfigOp
from softnpu.dialects.aiex import (
    DMABdPoolPopOp,
    DMABdPoolPushOp,
    NpuAddressPatchOp,
    NpuAssertBdDivisibleOp,
    NpuAssertBdFieldOp,
    NpuBlockWriteOp,
    NpuLoadPdiOp,
    NpuMaskWrite32Op,
    NpuPreemptOp,
    NpuSyncOp,
    NpuWrite32Op,
)
from softnpu.dialects.scalars import number_of
from softnpu.dialects.source import design_error
from softnpu.formats.operations import AddressPatch
from softnpu.passes.block_data import block_words
from softnpu.passes.handed_on_tasks import is_rolled
from softnpu.passes.register_address import absolute_address
from softnpu.passes.rewriting.ir import terminator_of
from softnpu.passes.sequence_ops import Symbols, devices, model_of, sequences
from softnpu.targets.npu_binary import SYNC_OPERANDS

BUILDER = Path(__file__).with_name("txn_builder.h")

HEADER = """\
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>
#if __has_include("aie/Runtime/TxnEncoding.h")
#include "aie/Runtime/TxnEncoding.h"
#else
{builder}#endif

"""

BINARY: dict[str, str] = {
    "arith.addi": "+",
    "arith.subi": "-",
    "arith.muli": "*",
    "arith.divui": "/",
    "arith.remui": "%",
    "arith.andi": "&",
    "arith.ori": "|",
    "arith.xori": "^",
    "arith.shli": "<<",
    "arith.shrui": ">>",
}
"""Operators on unsigned values."""
SIGNED: dict[str, str] = {"arith.divsi": "/", "arith.remsi": "%", "arith.shrsi": ">>"}
CHOICES: dict[str, tuple[str, bool]] = {
    "arith.minui": ("<", False),
    "arith.maxui": (">", False),
    "arith.minsi": ("<", True),
    "arith.maxsi": (">", True),
}
"""The first operand where this holds of it and the second, signed or not."""
PREDICATES = ("==", "!=", "<", "<=", ">", ">=", "<", "<=", ">", ">=")
SIGNED_PREDICATES = range(2, 6)
EXTENSIONS: dict[str, bool] = {
    "arith.extui": False,
    "arith.extsi": True,
    "arith.trunci": False,
}


def emit(module: ModuleOp, *, translate: bool = True) -> str:
    """The functions of all lowered sequences of a file, `generate_txn_<device>_<sequence>`.

    Args:
        translate: as for `npu_binary.stream`.

    Raises:
        DesignError: an op that such a function cannot do.
    """
    functions = [
        _Function(device, sequence, translate=translate).text()
        for device in devices(module)
        for sequence in sequences(device)
    ]
    builder = BUILDER.read_text(encoding="utf-8")
    return HEADER.format(builder=builder) + "\n".join(functions)


def unsigned(type: Attribute) -> str:
    """The C++ type in which values of an MLIR type are kept."""
    if isinstance(type, IndexType):
        return "size_t"
    assert isinstance(type, IntegerType)
    return "bool" if type.width.data == 1 else f"uint{type.width.data}_t"


def signed(type: Attribute) -> str:
    """The same, signed."""
    if isinstance(type, IndexType):
        return "std::ptrdiff_t"
    assert isinstance(type, IntegerType)
    return "bool" if type.width.data == 1 else f"int{type.width.data}_t"


class _Function:
    """The text of one function."""

    def __init__(self, device: DeviceOp, sequence: RuntimeSequenceOp, *, translate: bool) -> None:
        self._device, self._sequence, self._translate = device, sequence, translate
        self._model = model_of(device)
        self._symbols = Symbols(device)
        self._rolled = is_rolled(sequence)
        self._names: dict[SSAValue, str] = {}
        self._arguments: set[SSAValue] = set()
        self._lines: list[str] = []
        self._depth = 1
        self._made = 0
        self._count = 0
        self._computed: dict[str, Callable[[Operation], None]] = {
            "arith.constant": self._constant,
            "arith.cmpi": self._compare,
            "arith.select": self._select,
            "arith.index_cast": self._index_cast,
        }
        self._table: dict[type[Operation], Callable[[Any], None]] = {
            scf.ForOp: self._for,
            scf.IfOp: self._if,
            NpuWrite32Op: self._write,
            NpuMaskWrite32Op: self._mask_write,
            NpuBlockWriteOp: self._block_write,
            NpuSyncOp: self._sync,
            NpuAddressPatchOp: self._patch,
            NpuLoadPdiOp: self._load_pdi,
            NpuPreemptOp: self._preempt,
            NpuAssertBdFieldOp: self._assert_field,
            NpuAssertBdDivisibleOp: self._assert_divisible,
            DMABdPoolPopOp: self._pop,
            DMABdPoolPushOp: self._push,
        }

    def text(self) -> str:
        """The whole function."""
        block = self._sequence.body.blocks[0]
        self._arguments = {arg for arg in block.args if not isinstance(arg.type, MemRefType)}
        scalars = [arg for arg in block.args if arg in self._arguments]
        parameters = ", ".join(f"{signed(arg.type)} {self._name(arg)}" for arg in scalars)
        self._say("std::vector<uint32_t> txn;")
        self._say("aie_runtime::txn_init(txn);")
        for col, row in dict.fromkeys(self._pooled()):
            count = self._model.num_bds(col, row)
            name = _pool(col, row)
            self._say(f"aie_runtime::BdPool {name} = aie_runtime::bd_pool_init({count});")
        if self._rolled:
            self._say("uint32_t __opcount = 0;")
        self._block(block)
        counted = "__opcount" if self._rolled else f"{self._count}u"
        model = self._model
        shape = f"{model.devgen}, {model.rows}, {model.columns}, {model.memory_tile_rows}"
        self._say(f"aie_runtime::txn_prepend_header(txn, {counted}, {{0, 1, {shape}}});")
        self._say("return std::move(txn);")
        name = f"generate_txn_{self._device.sym_name}_{self._sequence.sym_name}"
        head = f"inline std::optional<std::vector<uint32_t>> {name}({parameters}) {{"
        return "".join(f"{line}\n" for line in (head, *self._lines, "}"))

    def _pooled(self) -> Iterator[tuple[int, int]]:
        for op in self._sequence.walk():
            if isinstance(op, DMABdPoolPopOp | DMABdPoolPushOp):
                yield op.column, op.row

    # text

    def _say(self, line: str) -> None:
        self._lines.append("  " * self._depth + line)

    def _call(self, function: str, *arguments: str) -> None:
        """An operation of the stream."""
        self._count += 1
        self._say(f"aie_runtime::txn_append_{function}(txn, {', '.join(arguments)});")
        if self._rolled:
            self._say("++__opcount;")

    def _name(self, value: SSAValue, prefix: str = "v") -> str:
        self._made += 1
        return self._names.setdefault(value, f"{prefix}{self._made}")

    def _define(self, value: SSAValue, expression: str) -> None:
        type = unsigned(value.type)
        self._say(f"[[maybe_unused]] {type} {self._name(value)} = {_cast(type, expression)};")

    def _of(self, value: SSAValue, *, sign: bool = False) -> str:
        """A value in C++; all but the function's own arguments are kept unsigned."""
        name = self._names[value]
        if sign is (value in self._arguments):
            return name
        return _cast(signed(value.type) if sign else unsigned(value.type), name)

    # ops

    def _block(self, block: Block) -> None:
        for op in block.ops:
            self._op(op)

    def _op(self, op: Operation) -> None:
        name = op.name
        said = self._table.get(type(op)) or self._computed.get(name)
        if said is not None:
            said(op)
        elif name in BINARY:
            a, b = map(self._of, op.operands)
            self._define(op.results[0], f"{a} {BINARY[name]} {b}")
        elif name in SIGNED:
            a, b = (self._of(value, sign=True) for value in op.operands)
            self._define(op.results[0], f"{a} {SIGNED[name]} {b}")
        elif name in CHOICES:
            relation, sign = CHOICES[name]
            a, b = (self._of(value, sign=sign) for value in op.operands)
            self._define(op.results[0], f"{a} {relation} {b} ? {a} : {b}")
        elif name in EXTENSIONS:
            self._define(op.results[0], self._of(op.operands[0], sign=EXTENSIONS[name]))
        elif not isinstance(op, EndOp | TraceHostConfigOp | scf.YieldOp) and not _is_memory(op):
            raise design_error(
                op,
                f"{op.name} is nothing that a function for the host can write into a stream",
                "in a runtime sequence it should have been lowered to aiex.npu operations",
            )

    def _constant(self, op: Operation) -> None:
        value = op.properties["value"]
        if isinstance(value, IntegerAttr):
            self._define(op.results[0], str(value.value.data))

    def _compare(self, op: Operation) -> None:
        stored = op.properties["predicate"]
        assert isinstance(stored, IntegerAttr)
        predicate = stored.value.data
        a, b = (self._of(value, sign=predicate in SIGNED_PREDICATES) for value in op.operands)
        self._define(op.results[0], f"{a} {PREDICATES[predicate]} {b}")

    def _select(self, op: Operation) -> None:
        condition, then, otherwise = map(self._of, op.operands)
        self._define(op.results[0], f"{condition} ? {then} : {otherwise}")

    def _index_cast(self, op: Operation) -> None:
        self._define(op.results[0], self._of(op.operands[0], sign=True))

    def _for(self, op: scf.ForOp) -> None:
        counter, *carried = op.body.block.args
        for value, argument, result in zip(op.iter_args, carried, op.results, strict=True):
            self._define(argument, self._of(value))
            self._names[result] = self._names[argument]
        name, type = self._name(counter), unsigned(counter.type)
        least, most, step = (self._of(value, sign=True) for value in (op.lb, op.ub, op.step))
        at = _cast(signed(counter.type), name)
        self._say(f"for ({type} {name} = {_cast(type, least)}; {at} < {most}; {name} += {step}) {{")
        self._inner(op.body.block, carried)
        self._say("}")

    def _if(self, op: scf.IfOp) -> None:
        for result in op.results:
            self._define(result, "0")
        self._say(f"if ({self._of(op.cond)}) {{")
        self._inner(op.true_region.block, list(op.results))
        if op.false_region.blocks:
            self._say("} else {")
            self._inner(op.false_region.block, list(op.results))
        self._say("}")

    def _inner(self, block: Block, yielded: list[Any]) -> None:
        """A block, and what it yields given to these values, all at once."""
        self._depth += 1
        self._block(block)
        if yielded:
            ends = [self._of(value) for value in terminator_of(block).operands]
            self._made += 1
            for k, (target, end) in enumerate(zip(yielded, ends, strict=True)):
                self._say(f"{unsigned(target.type)} y{self._made}_{k} = {end};")
            for k, target in enumerate(yielded):
                self._say(f"{self._names[target]} = y{self._made}_{k};")
        self._depth -= 1

    # operations of the stream

    def _address(self, op: NpuWrite32Op | NpuMaskWrite32Op) -> str:
        if number_of(op.address) is None:
            return self._of(op.address)
        return f"{absolute_address(op, self._symbols)}u"

    def _write(self, op: NpuWrite32Op) -> None:
        self._call("write32", self._address(op), self._of(op.value))

    def _mask_write(self, op: NpuMaskWrite32Op) -> None:
        self._call("maskwrite32", self._address(op), self._of(op.value), self._of(op.mask))

    def _block_write(self, op: NpuBlockWriteOp) -> None:
        words = block_words(op, self._symbols)
        self._made += 1
        name = f"data{self._made}"
        listed = ", ".join(f"0x{word:08x}u" for word in words)
        self._say(f"const uint32_t {name}[{len(words)}] = {{{listed}}};")
        place = (op.column, op.row) if op.column is not None and op.row is not None else (0, 0)
        address = absolute_address(op, self._symbols)
        tile = (f"{number}u" for number in place)
        self._call("blockwrite", f"{address}u", name, f"{len(words)}u", *tile)

    def _sync(self, op: NpuSyncOp) -> None:
        self._call("sync", *(self._of(getattr(op, name)) for name in SYNC_OPERANDS))

    def _patch(self, op: NpuAddressPatchOp) -> None:
        address = f"{op.addr}u" if op.addr_val is None else self._of(op.addr_val)
        make = AddressPatch.translated if self._translate else AddressPatch
        added = make(op.addr, op.arg_idx, 0).offset
        offset = self._of(op.arg_plus)
        self._call(
            "address_patch", address, str(op.arg_idx), f"{offset} + {added}u" if added else offset
        )

    def _load_pdi(self, op: NpuLoadPdiOp) -> None:
        self._call("loadpdi", f"{op.id}u", f"{op.size}u", f"{op.address}u")

    def _preempt(self, op: NpuPreemptOp) -> None:
        self._call("preempt", f"{op.level}u")

    def _assert_field(self, op: NpuAssertBdFieldOp) -> None:
        self._say(f"if ({self._of(op.value)} > {op.max}) return std::nullopt;")

    def _assert_divisible(self, op: NpuAssertBdDivisibleOp) -> None:
        value = self._of(op.value)
        alone = f"{value} != 1 && " if op.allow_unit else ""
        self._say(f"if ({alone}{value} % {op.divisor} != 0) return std::nullopt;")

    def _pop(self, op: DMABdPoolPopOp) -> None:
        name = self._name(op.bd_id, "bd_")
        taken = f"aie_runtime::bd_pool_pop({_pool(op.column, op.row)}, {name})"
        self._say(f"uint32_t {name}; if (!{taken}) return std::nullopt;")

    def _push(self, op: DMABdPoolPushOp) -> None:
        self._say(f"aie_runtime::bd_pool_push({_pool(op.column, op.row)}, {self._of(op.bd_id)});")


def _cast(type: str, expression: str) -> str:
    return f"static_cast<{type}>({expression})"


def _pool(col: int, row: int) -> str:
    return f"bd_pool_{col}_{row}"


def _is_memory(op: Operation) -> bool:
    """Whether an op only names memory, which the stream knows by arguments and addresses."""
    only = all(isinstance(result.type, MemRefType) for result in op.results)
    return bool(op.results) and only and is_side_effect_free(op)

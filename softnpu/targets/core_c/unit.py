"""What one core's C file declares: its buffers, kernels, constants and functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from xdsl.dialects import func
from xdsl.dialects.builtin import MemRefType, StringAttr
from xdsl.ir import Operation, SSAValue

from softnpu.arch.device import Device, device
from softnpu.dialects.aie import BufferOp, CoreOp, DeviceOp, LockOp
from softnpu.dialects.sizes import element_count
from softnpu.dialects.source import design_error, location_of
from softnpu.errors import SourceLocation
from softnpu.targets.core_c.expr import Expr
from softnpu.targets.core_c.memory import MemRef, layout_of, static_memref
from softnpu.targets.core_c.names import Names, identifier, is_runtime_symbol
from softnpu.targets.core_c.types import CType, c_type, element_of, vector_typedef


@dataclass(frozen=True)
class ExternalCall:
    """A function that a core calls and an object must define."""

    name: str
    location: SourceLocation | None


class Unit:
    """What the functions of one core's file share."""

    def __init__(self, device_op: DeviceOp, core: CoreOp) -> None:
        self.device_op = device_op
        self.core = core
        self.target: Device = device(device_op.device.name)
        self.names = Names()
        self.calls: dict[str, ExternalCall] = {}
        self._symbols: dict[str, Operation] = {
            symbol.data: op
            for op in device_op.body.ops
            if isinstance(symbol := op.get_attr_or_prop("sym_name"), StringAttr)
        }
        self.symbol_names = [identifier(name) for name in self._symbols]
        """Names that locals must not take: the design's things are declared when first used."""
        self._buffers: dict[str, MemRef] = {}
        self._buffer_lines: list[str] = []
        self._globals: dict[str, MemRef] = {}
        self._global_lines: list[str] = []
        self._prototypes: dict[str, str] = {}
        self._vectors: dict[str, CType] = {}
        self._waiting: list[func.FuncOp] = []
        self._functions: dict[str, str] = {}

    # what functions ask for

    def symbol(self, name: str, op: Operation) -> Operation:
        """The op of the device that is called `name`."""
        found = self._symbols.get(name)
        if found is None:
            raise design_error(op, f"there is no '@{name}' in this device")
        return found

    def uses_vector(self, type: CType) -> None:
        """Note that a vector type needs its typedef."""
        self._vectors.setdefault(type.name, type)

    def buffer(self, value: SSAValue) -> MemRef:
        """The memref of an `aie.buffer`, declared at its first use."""
        op = value.owner
        if not isinstance(op, BufferOp):
            raise design_error(cast(Operation, op), "this memref is not one that a core can use")
        if op.sym_name is None:
            raise design_error(op, "the buffer has no name (sym_name)")
        if op.sym_name not in self._buffers:
            self._buffers[op.sym_name] = self._declare_buffer(op, op.sym_name)
        return self._buffers[op.sym_name]

    def _declare_buffer(self, op: BufferOp, symbol: str) -> MemRef:
        base = self.target.mem_local_base_address(*self.core.position, *op.position)
        if base is None:
            raise design_error(
                op,
                f"core {self.core.position} cannot reach the buffer '{symbol}' of tile "
                f"{op.position}",
                "a core sees its own memory and that of its neighbours south, west and north",
            )
        type = op.buffer_type
        name, alias = self._linked_name(symbol, op)
        element = self.element(type, op)
        place = "" if op.address is None else f" /* {base + op.address:#x} */"
        self._buffer_lines.append(
            f"extern {element.declare(name)}[{element_count(type)}]{alias};{place}"
        )
        return static_memref(Expr(name), element, layout_of(type, op))

    def lock_number(self, lock: LockOp, user: Operation | None = None) -> int:
        """How the core numbers a lock; DesignError at `user` when it cannot reach it."""
        if lock.lock_id is None:
            raise design_error(lock, "the lock has no number yet", "run aie-assign-lock-ids")
        base = self.target.lock_local_base_index(*self.core.position, *lock.position)
        if base is None:
            raise design_error(
                user or lock,
                f"core {self.core.position} cannot reach a lock of tile {lock.position}",
                "a core reaches its own locks and those of its neighbours south, west and north",
            )
        return base + lock.lock_id

    def global_memref(self, name: str, op: Operation) -> MemRef:
        """The memref of a `memref.global`, defined at its first use."""
        if name not in self._globals:
            definition = self.symbol(name, op)
            if definition.name != "memref.global":
                raise design_error(op, f"'@{name}' is no memref.global")
            self._globals[name] = self._define_global(definition, name)
        return self._globals[name]

    def _define_global(self, op: Operation, symbol: str) -> MemRef:
        from softnpu.targets.core_c.constants import initializer

        type = cast(MemRefType, op.properties["type"])
        element = self.element(type, op)
        name = self.names.take(symbol)
        values = initializer(op, op.properties.get("initial_value"), type, element)
        const = "const " if "constant" in op.properties else ""
        head = f"static {const}{element.declare(name)}[{element_count(type)}]"
        self._global_lines.append(f"{head}{f' = {values}' if values else ''};")
        return static_memref(Expr(name), element, layout_of(type, op))

    def element(self, type: MemRefType, op: Operation) -> CType:
        """The C type of a memref's elements; DesignError at `op` if there is none."""
        found = c_type(type)
        if found is None or found.element is None:
            raise design_error(op, f"a {type} is not supported in a core's body")
        if found.element.kind == "vector":
            self.uses_vector(found.element)
        return found.element

    def callee(self, op: func.CallOp) -> tuple[str, func.FuncOp]:
        """The C name of a called function, declared at its first use, and its declaration."""
        return self.function(op.callee.root_reference.data, op)

    def function(self, symbol: str, op: Operation) -> tuple[str, func.FuncOp]:
        """The same for the function called `symbol`, which `op` needs."""
        found = self.symbol(symbol, op)
        if not isinstance(found, func.FuncOp):
            raise design_error(op, f"'@{symbol}' is no function")
        if symbol not in self._functions:
            name, alias = self._linked_name(symbol, found)
            self._functions[symbol] = name
            self._prototypes[symbol] = f"{self.signature(found, name)}{alias};"
            if found.is_declaration:
                self.calls[symbol] = ExternalCall(symbol, location_of(op))
            else:
                self._waiting.append(found)
        return self._functions[symbol], found

    def _linked_name(self, symbol: str, op: Operation) -> tuple[str, str]:
        """A C name for a symbol that the linker knows, and the alias if they differ."""
        if is_runtime_symbol(symbol):
            raise design_error(
                op,
                f"'{symbol}' is a name of the stand-in's own runtime",
                "choose another",
            )
        name = self.names.take(symbol)
        return name, "" if name == symbol else f' __asm__("{symbol}")'

    def signature(self, op: func.FuncOp, name: str, arguments: Sequence[str] = ()) -> str:
        """A function's head in C; `arguments` are their names, which prototypes leave out."""
        inputs = [self._signature_type(type, op) for type in op.function_type.inputs]
        outputs = [self._signature_type(type, op) for type in op.function_type.outputs]
        if len(outputs) > 1:
            raise design_error(op, f"'@{name}' returns {len(outputs)} values, a C function one")
        declared = [
            type.declare(argument) for type, argument in zip(inputs, arguments, strict=False)
        ] or [type.name for type in inputs]
        result = outputs[0].declare(name) if outputs else f"void {name}"
        return f"{result}({', '.join(declared) or 'void'})"

    def _signature_type(self, type: object, op: func.FuncOp) -> CType:
        found = c_type(type)  # type: ignore[arg-type]
        if found is None:
            raise design_error(op, f"a value of type {type} cannot be handed to a function")
        if element_of(found).kind == "vector" or found.kind == "vector":
            self.uses_vector(found)
        return found

    @property
    def core_function(self) -> str:
        """What the core's function is called, as mlir-aie calls it."""
        col, row = self.core.position
        return f"core_{col}_{row}"

    def declarations(self) -> list[str]:
        """What stands in the file above its functions, as far as it has been asked for."""
        sections = [
            [vector_typedef(type) for type in self._vectors.values()],
            _titled("Buffers: the linker script says where each lies.", self._buffer_lines),
            _titled("Constants and variables of the design.", self._global_lines),
            _titled("Functions that the core calls.", list(self._prototypes.values())),
        ]
        return [line for section in sections if section for line in (*section, "")]

    def next_function(self) -> func.FuncOp | None:
        """The next function of the design that was called and is not yet written."""
        return self._waiting.pop(0) if self._waiting else None


def _titled(title: str, lines: list[str]) -> list[str]:
    return [f"/* {title} */", *lines] if lines else []

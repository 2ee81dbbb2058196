"""Expressions over what a core sees: variables, buffers, registers; for `print` and conditions.

They are C's, as far as Python reads them, too: `i == 3 && in[i] < 0`, `out_buff_0[2] + 1`, `$a0`,
`*in`, `&out[3]`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from softnpu.emulator.debugging.values import (
    FEW,
    element,
    index_of,
    listed,
    scalar,
    type_name,
    value,
)
from softnpu.emulator.debugging.variables import (
    Variable,
    element_of,
    global_variable,
    size_of,
    stripped,
    type_of,
    variables,
)
from softnpu.emulator.debugging.view import CoreView, Named, buffers
from softnpu.emulator.unwinding.frames import Frame
from softnpu.errors import EmulatorError

if TYPE_CHECKING:
    from softnpu.emulator.array.array import Array
    from softnpu.emulator.naming.names import Names

_NAME, _REGISTER = "name_", "register_"
"""Stand in front of names, which may be Python's words, like `in`."""
_POINTERS = ("DW_TAG_pointer_type", "DW_TAG_reference_type")


@dataclass(frozen=True)
class Typed:
    """A value of a type of C; where it lies, if in memory."""

    type: Any
    data: bytes
    address: int | None = None


_HALVES = ("bfloat16", "float16")


class Address(int):
    """What & gives."""


def evaluate(text: str, view: CoreView, frame: Frame | None = None) -> Any:
    """What an expression comes to, as a Python number where it can be one.

    Args:
        frame: whose variables are meant; the innermost one's without.

    Raises:
        EmulatorError: it cannot be read, or names what is not there.
    """
    found = _found(text, view, frame)
    return found if isinstance(found, Named) else number(found)


def shown(text: str, view: CoreView, frame: Frame | None = None, most: int = FEW) -> str:
    """What an expression comes to, in words."""
    found = _found(text, view, frame)
    if isinstance(found, Address):
        return view.place(found) or f"{found:#x}"
    if isinstance(found, Named):
        return f"[{listed(found.values, most=most)}]"
    if isinstance(found, Typed):
        return value(found.type, found.data, view, most) + _as_element(found, view)
    if isinstance(found, bool):
        return str(int(found))
    return element(found) if isinstance(found, np.generic | float) else str(found)


def _as_element(found: Typed, view: CoreView) -> str:
    """What a number of C is as an element of the buffer that it lies in: C knows no bfloat16."""
    held = None if found.address is None else view.held(found.address)
    if held is None or held.itemsize != len(found.data) or held.dtype.name not in _HALVES:
        return ""
    return f" ({element(held[0])} as {held.dtype.name})"


def memory(text: str, view: CoreView, frame: Frame | None = None) -> tuple[int, int, str]:
    """(address as the core sees it, bytes, MLIR's name of the elements) of a variable in memory.

    Raises:
        EmulatorError: it lies in a register, or is no place at all.
    """
    found = _found(text, view, frame)
    if isinstance(found, Typed) and found.address is not None:
        return found.address, len(found.data), element_of(found.type)
    raise EmulatorError(f"{text} lies in no memory here: in a register, or it is a plain number")


def pointed(text: str, view: CoreView, frame: Frame | None = None) -> tuple[int, str]:
    """(address, MLIR's name of the elements) of what a pointer points at.

    Raises:
        EmulatorError: it is no pointer.
    """
    found = _found(text, view, frame)
    type = stripped(found.type) if isinstance(found, Typed) else None
    if type is None or type.tag not in _POINTERS:
        raise EmulatorError(f"{text} is no pointer, array or buffer")
    return int.from_bytes(found.data, "little"), element_of(type_of(type))


def part_of_buffer(text: str, array: Array, names: Names) -> tuple[NDArray[np.uint8], str] | None:
    """(bytes, MLIR's name of the elements) of a buffer of the design, or of an element of it:
    "out_buff_0", "out_buff_0[3]"; None if there is no such buffer.

    Raises:
        EmulatorError: it has no such element.
    """
    name, bracket, rest = text.partition("[")
    named = next((n for n in buffers(array, names) if n.buffer.name == name.strip()), None)
    if named is None:
        return None
    if not bracket:
        return named.memory, named.buffer.element
    try:
        flat = index_of(rest.rstrip("] "), named.values.shape)
    except ValueError as error:
        raise EmulatorError(f"{text}: {error}") from None
    size = named.values.itemsize
    return named.memory[flat * size :][:size], named.buffer.element


def _buffer(name: str, view: CoreView) -> Named | None:
    return next((n for n in buffers(view.array, view.names) if n.buffer.name == name), None)


def _found(text: str, view: CoreView, frame: Frame | None) -> Any:
    if frame is None:
        frames = view.frames()
        frame = frames[0] if frames else None
    return _Evaluator(view, frame, text).value(_parsed(text).body)


def _parsed(text: str) -> ast.Expression:
    python = re.sub(r"(?<![\w$])[A-Za-z_]\w*", rf"{_NAME}\g<0>", text.replace("->", "."))
    python = re.sub(r"\$(\w+)", rf"{_REGISTER}\1", python)
    python = python.replace("&&", " and ").replace("||", " or ")
    python = re.sub(r"!(?!=)", " not ", python)
    python = re.sub(r"(^|[(,=<>+\-*/%&|]\s*)\*(?=\s*[A-Za-z_(])", r"\1+", python)
    python = re.sub(r"^\s*&(?=\s*[A-Za-z_(])", "@", python)
    address = python.lstrip().startswith("@")
    try:
        parsed = ast.parse(python.lstrip().removeprefix("@"), mode="eval")
    except SyntaxError:
        raise EmulatorError(
            f"{text!r} is no expression: variables, buffers, $registers, numbers, [index], * in"
            " front of a pointer, and the operators of C"
        ) from None
    if address:
        parsed.body = ast.Attribute(parsed.body, "address", ast.Load())
    return parsed


def number(found: Any) -> Any:
    """A value as Python's number; EmulatorError for one that is none."""
    if isinstance(found, np.generic):
        return found.item() if found.dtype.kind in "iufb" else float(found)
    if not isinstance(found, Typed):
        return found
    type = stripped(found.type)
    if type is None or type.tag not in ("DW_TAG_base_type", "DW_TAG_enumeration_type", *_POINTERS):
        raise EmulatorError(f"a {type_name(found.type)} is no number")
    if type.tag in _POINTERS:
        return int.from_bytes(found.data, "little")
    if type.tag == "DW_TAG_enumeration_type":
        return int.from_bytes(found.data, "little", signed=True)
    told = scalar(type, found.data)
    if told in ("true", "false"):
        return int(told == "true")
    return float(told) if re.search(r"[.en]", told) else int(told)


class _Evaluator:
    def __init__(self, view: CoreView, frame: Frame | None, text: str) -> None:
        self._view = view
        self._frame = frame
        self._text = text

    def value(self, node: ast.AST) -> Any:
        """What a part comes to."""
        match node:
            case ast.Constant(value=int() | float()):
                return node.value
            case ast.Name():
                return self._name(node.id)
            case ast.Subscript():
                return self._element(self.value(node.value), node.slice)
            case ast.Attribute(attr="address"):
                return self._address(self.value(node.value))
            case ast.Attribute():
                return self._member(self.value(node.value), node.attr.removeprefix(_NAME))
            case ast.UnaryOp(op=ast.UAdd()):
                return self._pointed(self.value(node.operand), 0)
            case ast.UnaryOp():
                return _UNARY[type(node.op)](number(self.value(node.operand)))
            case ast.BinOp() if type(node.op) in _BINARY:
                return self._binary(node)
            case ast.BoolOp():
                every = isinstance(node.op, ast.And)
                truths = (bool(number(self.value(one))) for one in node.values)
                return all(truths) if every else any(truths)
            case ast.Compare():
                return self._compared(node)
        raise EmulatorError(f"{self._text!r} says something that cannot be evaluated here")

    def _binary(self, node: ast.BinOp) -> Any:
        left, right = number(self.value(node.left)), number(self.value(node.right))
        try:
            return _BINARY[type(node.op)](left, right)
        except (ArithmeticError, ValueError, TypeError) as error:
            raise EmulatorError(f"{self._text!r}: {error}") from None

    def _compared(self, node: ast.Compare) -> bool:
        left = number(self.value(node.left))
        for operator, one in zip(node.ops, node.comparators, strict=True):
            right = number(self.value(one))
            if type(operator) not in _COMPARED or not _COMPARED[type(operator)](left, right):
                return False
            left = right
        return True

    def _name(self, name: str) -> Any:
        if name.startswith(_REGISTER):
            return self._register(name.removeprefix(_REGISTER))
        name = name.removeprefix(_NAME)
        known = [] if self._frame is None else self._variables()
        for variable in reversed(known):
            if variable.name == name:
                if variable.data is None:
                    raise EmulatorError(f"{name} is {variable.gone}")
                return Typed(variable.type, variable.data, variable.address)
        named = _buffer(name, self._view)
        if named is not None:
            return named
        found = global_variable(self._view.symbols, name, self._view.read)
        if found is not None and found.data is not None:
            return Typed(found.type, found.data, found.address)
        names = ", ".join(dict.fromkeys(variable.name for variable in known)) or "none"
        raise EmulatorError(f"nothing is called {name} here; variables: {names}; see `buffers`")

    def _variables(self) -> list[Variable]:
        assert self._frame is not None
        return variables(self._view.symbols, self._frame, self._view.read)

    def _register(self, name: str) -> int:
        registers = {**self._view.registers(), **self._view.named_registers()}
        if name not in registers:
            raise EmulatorError(f"{self._view.core.place} has no register {name}")
        return registers[name]

    def _element(self, of: Any, index: ast.AST) -> Any:
        if isinstance(of, Named):
            text = ast.unparse(index).strip("()")
            try:
                return of.values.reshape(-1)[index_of(text, of.values.shape)]
            except ValueError:
                at = number(self.value(index))
            if not 0 <= at < len(of.values):
                raise EmulatorError(
                    f"{of.buffer.name} has {len(of.values)} elements, there is no [{at}]"
                )
            return of.values[at]
        return self._pointed(of, number(self.value(index)))

    def _pointed(self, of: Any, index: int) -> Any:
        type = stripped(of.type) if isinstance(of, Typed) else None
        if type is not None and type.tag in _POINTERS:
            target, begin = type_of(type), int.from_bytes(of.data, "little")
        elif type is not None and type.tag == "DW_TAG_array_type":
            if of.address is None:
                size = size_of(type_of(type))
                return Typed(type_of(type), of.data[index * size : (index + 1) * size])
            target, begin = type_of(type), of.address
        elif isinstance(of, Named):
            return of.values[index]
        else:
            raise EmulatorError(f"{self._text!r} points at nothing: that is no pointer or array")
        size = size_of(target)
        address = begin + index * size
        return Typed(target, self._view.read(address, size), address)

    def _address(self, of: Any) -> Address:
        if isinstance(of, Typed) and of.address is not None:
            return Address(of.address)
        if isinstance(of, Named):
            return Address(self._begin(of))
        raise EmulatorError(f"{self._text!r}: it has no address, being in a register")

    def _begin(self, of: Named) -> int:
        """Where the core sees a buffer."""
        for one in self._view.seen:
            if (one.tile, one.buffer) == (of.tile, of.buffer):
                return one.begin
        raise EmulatorError(f"{self._view.core.place} does not see {of.buffer.name}")

    def _member(self, of: Any, name: str) -> Any:
        type = stripped(of.type) if isinstance(of, Typed) else None
        if type is not None and type.tag in _POINTERS:
            return self._member(self._pointed(of, 0), name)
        from softnpu.emulator.naming.source_lines import name_of

        for child in () if type is None else type.iter_children():
            if child.tag == "DW_TAG_member" and name_of(child) == name:
                at = child.attributes.get("DW_AT_data_member_location")
                start, inner = int(at.value) if at is not None else 0, type_of(child)
                address = None if of.address is None else of.address + start
                return Typed(inner, of.data[start : start + size_of(inner)], address)
        raise EmulatorError(f"{self._text!r}: there is no member {name}")


_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: lambda a: -a,
    ast.Invert: lambda a: ~a,
    ast.Not: lambda a: not a,
}
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: int(a / b) if isinstance(a, int) and isinstance(b, int) else a / b,
    ast.Mod: lambda a, b: a - b * int(a / b),
    ast.BitAnd: lambda a, b: a & b,
    ast.BitOr: lambda a, b: a | b,
    ast.BitXor: lambda a, b: a ^ b,
    ast.LShift: lambda a, b: a << b,
    ast.RShift: lambda a, b: a >> b,
}
_COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
}

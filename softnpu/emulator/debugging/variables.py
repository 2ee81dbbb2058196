"""The variables of a frame: where the debug information says that they are, and what they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from softnpu.emulator.debugging.symbols import Symbols
from softnpu.emulator.naming.source_lines import Scope, name_of
from softnpu.emulator.unwinding.frames import Frame, Read
from softnpu.errors import EmulatorError

_WORD = (1 << 32) - 1
_SIGN = 1 << 31
_FRAME_POINTER = 8
_FLOATS = 32
"""DWARF's number of f0 (RISC-V ELF psABI)."""


class GoneError(Exception):
    """A variable is nowhere at this place; the message says why."""


OPTIMISED = "optimised out here"


@dataclass(frozen=True)
class Variable:
    """A variable of a frame.

    Attributes:
        type: its entry in the debug information; None for void.
        data: its bytes; None where it is nowhere.
        address: where it lies in memory, None in registers.
        gone: why it is nowhere.
    """

    name: str
    is_argument: bool
    type: Any
    data: bytes | None
    address: int | None = None
    gone: str = ""


def variables(symbols: Symbols, frame: Frame, read: Read) -> list[Variable]:
    """The arguments and locals of a frame, arguments first; inner blocks' behind outer ones'."""
    if frame.scope is None:
        return []
    reader = _Reader(symbols, frame, read)
    found = [reader.variable(entry) for entry in _entries(symbols, frame.scope, frame.pc)]
    return sorted(found, key=lambda variable: not variable.is_argument)


def global_variable(symbols: Symbols, name: str, read: Read) -> Variable | None:
    """A variable of the program outside of functions; None if there is none of that name."""
    dwarf = symbols.source.dwarf
    frame = Frame("", None, 0)
    for unit in () if dwarf is None else dwarf.iter_CUs():
        for entry in unit.get_top_DIE().iter_children():
            if (
                entry.tag == "DW_TAG_variable"
                and name_of(entry) == name
                and "DW_AT_location" in entry.attributes
            ):
                return _Reader(symbols, frame, read).variable(entry)
    return None


def _entries(symbols: Symbols, scope: Scope, pc: int) -> Iterator[Any]:
    """What is declared in a function, and in its blocks that hold `pc`."""
    waiting = [scope.entry]
    while waiting:
        for child in waiting.pop(0).iter_children():
            if child.tag in ("DW_TAG_formal_parameter", "DW_TAG_variable"):
                if name_of(child):
                    yield child
            elif child.tag == "DW_TAG_lexical_block":
                ranges = symbols.source.ranges(child.cu, child)
                if any(begin <= pc < end for begin, end in ranges):
                    waiting.append(child)


def attribute(entry: Any, name: str) -> Any:
    """An attribute of an entry or of what it is a copy of; None if there is none."""
    while name not in entry.attributes:
        if "DW_AT_abstract_origin" in entry.attributes:
            entry = entry.get_DIE_from_attribute("DW_AT_abstract_origin")
        elif "DW_AT_specification" in entry.attributes:
            entry = entry.get_DIE_from_attribute("DW_AT_specification")
        else:
            return None
    return entry.attributes[name]


def type_of(entry: Any) -> Any:
    """The entry of an entry's type; None for void."""
    while "DW_AT_type" not in entry.attributes:
        if "DW_AT_abstract_origin" not in entry.attributes:
            return None
        entry = entry.get_DIE_from_attribute("DW_AT_abstract_origin")
    return entry.get_DIE_from_attribute("DW_AT_type")


_TRANSPARENT = frozenset(
    {
        *("DW_TAG_typedef", "DW_TAG_const_type", "DW_TAG_volatile_type", "DW_TAG_restrict_type"),
        "DW_TAG_atomic_type",
    }
)


def stripped(type: Any) -> Any:
    """A type without names, const and the like."""
    while type is not None and type.tag in _TRANSPARENT:
        type = type_of(type)
    return type


def size_of(type: Any) -> int:
    """Bytes of a type."""
    type = stripped(type)
    if type is None:
        return 0
    if type.tag == "DW_TAG_array_type":
        return size_of(type_of(type)) * max(count_of(type), 0)
    if "DW_AT_byte_size" in type.attributes:
        return int(type.attributes["DW_AT_byte_size"].value)
    return 4 if type.tag in ("DW_TAG_pointer_type", "DW_TAG_reference_type") else 0


_KINDS = {2: "ui", 4: "f", 5: "i", 6: "i", 7: "ui", 8: "ui"}
"""DW_ATE of base types -> how MLIR's names of them begin."""


def element_of(type: Any) -> str:
    """MLIR's name of a type, or of what an array of it holds: "i32"; "" for one that has none."""
    type = stripped(type)
    while type is not None and type.tag == "DW_TAG_array_type":
        type = stripped(type_of(type))
    if type is None or type.tag != "DW_TAG_base_type":
        return ""
    kind = _KINDS.get(type.attributes["DW_AT_encoding"].value, "")
    return f"{kind}{8 * size_of(type)}" if kind else ""


def count_of(type: Any) -> int:
    """The elements of an array, of all its dimensions; 0 where that is not known."""
    count = 1
    for one in dimensions(type):
        count *= one
    return count


def dimensions(type: Any) -> list[int]:
    """The elements of each dimension of an array."""
    found = []
    for child in type.iter_children():
        if child.tag != "DW_TAG_subrange_type":
            continue
        if "DW_AT_count" in child.attributes:
            found.append(int(child.attributes["DW_AT_count"].value))
        elif "DW_AT_upper_bound" in child.attributes:
            found.append(int(child.attributes["DW_AT_upper_bound"].value) + 1)
        else:
            found.append(0)
    return found


class _Reader:
    """Reads the variables of one frame."""

    def __init__(self, symbols: Symbols, frame: Frame, read: Read) -> None:
        self._symbols = symbols
        self._frame = frame
        self._read = read

    def variable(self, entry: Any) -> Variable:
        """What an entry declares."""
        type = type_of(entry)
        name, is_argument = name_of(entry), entry.tag == "DW_TAG_formal_parameter"
        try:
            data, address = self._value(entry, size_of(type))
        except GoneError as gone:
            return Variable(name, is_argument, type, None, gone=str(gone))
        except EmulatorError as error:
            return Variable(name, is_argument, type, None, gone=str(error))
        return Variable(name, is_argument, type, data, address)

    def _value(self, entry: Any, size: int) -> tuple[bytes, int | None]:
        constant = entry.attributes.get("DW_AT_const_value")
        if constant is not None:
            if isinstance(constant.value, bytes | list):
                return bytes(constant.value)[:size], None
            return (constant.value & ((1 << 8 * size) - 1)).to_bytes(size, "little"), None
        location = entry.attributes.get("DW_AT_location")
        if location is None:
            raise GoneError(OPTIMISED)
        return _Evaluation(self._frame, self._read, entry, self._base).result(
            self._expression(location, entry), size
        )

    def _expression(self, location: Any, entry: Any) -> bytes:
        """The location at the frame's place."""
        from elftools.dwarf.locationlists import LocationExpr, LocationParser

        dwarf = self._symbols.source.dwarf
        parser = LocationParser(dwarf.location_lists())
        parsed: Any = parser.parse_from_attribute(location, entry.cu["version"], die=entry)
        if isinstance(parsed, LocationExpr):
            return bytes(parsed.loc_expr)
        low = entry.cu.get_top_DIE().attributes.get("DW_AT_low_pc")
        base = 0 if low is None else low.value
        for one in parsed:
            if not hasattr(one, "begin_offset"):
                base = one.base_address
                continue
            origin = 0 if getattr(one, "is_absolute", False) else base
            if origin + one.begin_offset <= self._frame.pc < origin + one.end_offset:
                return bytes(one.loc_expr)
        raise GoneError(OPTIMISED)

    def _base(self, entry: Any) -> int:
        """What DW_OP_fbreg counts from."""
        whole = self._frame.whole
        given = None if whole is None else whole.entry.attributes.get("DW_AT_frame_base")
        if given is None:
            raise GoneError("nothing says where its function's frame begins")
        evaluation = _Evaluation(self._frame, self._read, entry, self._base)
        return evaluation.address(self._expression(given, entry))


class _Evaluation:
    """Evaluates one location (DWARF 4, 2.5 and 2.6)."""

    def __init__(self, frame: Frame, read: Read, entry: Any, base: Any) -> None:
        self._frame = frame
        self._read = read
        self._structs = entry.cu.structs
        self._entry = entry
        self._base = base
        self._stack: list[int] = []
        self._register: int | None = None
        self._is_value = False
        self._implicit: bytes | None = None

    def result(self, expression: bytes, size: int) -> tuple[bytes, int | None]:
        """The bytes of what lies there, and its address if it lies in memory."""
        pieces: list[bytes] = []
        for operation in self._parsed(expression):
            if operation.op_name == "DW_OP_piece":
                pieces.append(self._taken(operation.args[0])[0])
                self._stack, self._register, self._is_value = [], None, False
            else:
                self._do(operation)
        if pieces:
            return b"".join(pieces)[:size].ljust(size, b"\0"), None
        return self._taken(size)

    def address(self, expression: bytes) -> int:
        """As a number: a frame base's."""
        for operation in self._parsed(expression):
            self._do(operation)
        if self._register is not None:
            return self._of_register(self._register)
        return self._stack[-1]

    def _parsed(self, expression: bytes) -> list[Any]:
        from elftools.dwarf.dwarf_expr import DWARFExprParser

        parsed: list[Any] = DWARFExprParser(self._structs).parse_expr(list(expression))
        return parsed

    def _taken(self, size: int) -> tuple[bytes, int | None]:
        """What has come out so far, as bytes."""
        if self._implicit is not None:
            return self._implicit[:size].ljust(size, b"\0"), None
        if self._register is not None:
            value = self._of_register(self._register)
            return (value & ((1 << 8 * size) - 1)).to_bytes(size, "little"), None
        if not self._stack:
            raise GoneError(OPTIMISED)
        top = self._stack[-1]
        if self._is_value:
            signed = top - (1 << 32) if top & _SIGN else top
            return (signed & ((1 << 8 * size) - 1)).to_bytes(size, "little"), None
        return self._read(top, size), top

    def _of_register(self, number: int) -> int:
        value = self._frame.registers.get(number)
        if value is None:
            raise GoneError("in a register that the functions which it called have used since")
        return value

    def _do(self, operation: Any) -> None:
        name = operation.op_name.removeprefix("DW_OP_")
        args, stack = operation.args, self._stack
        if name.startswith("lit"):
            stack.append(int(name[3:]))
        elif name.startswith("reg") and name != "regx":
            self._register = int(name[3:])
        elif name == "regx":
            self._register = args[0]
        elif name.startswith("breg"):
            stack.append((self._of_register(int(name[4:])) + args[0]) & _WORD)
        elif name == "fbreg":
            stack.append((self._base(self._entry) + args[0]) & _WORD)
        elif name == "call_frame_cfa":
            if self._frame.cfa is None:
                raise GoneError("nothing says where its function's frame begins")
            stack.append(self._frame.cfa)
        elif name == "addr" or name.startswith("const"):
            stack.append(args[0] & _WORD)
        elif name == "stack_value":
            self._is_value = True
        elif name == "implicit_value":
            self._implicit = bytes(args[0])
        elif name in ("deref", "deref_size"):
            size = args[0] if args else 4
            stack.append(int.from_bytes(self._read(stack.pop(), size), "little"))
        elif name in _ONE:
            stack.append(_ONE[name](stack.pop(), *args) & _WORD)
        elif name in _TWO:
            second, first = stack.pop(), stack.pop()
            stack.append(int(_TWO[name](first, second)) & _WORD)
        elif name == "dup":
            stack.append(stack[-1])
        elif name == "swap":
            stack[-1], stack[-2] = stack[-2], stack[-1]
        elif name == "drop":
            stack.pop()
        elif name != "nop":
            raise GoneError(OPTIMISED)


def _signed(value: int) -> int:
    return value - (1 << 32) if value & _SIGN else value


_ONE: dict[str, Callable[..., int]] = {
    "plus_uconst": lambda a, n: a + n,
    "neg": lambda a: -a,
    "not": lambda a: ~a,
    "abs": lambda a: abs(_signed(a)),
}
_TWO: dict[str, Callable[[int, int], int]] = {
    "plus": lambda a, b: a + b,
    "minus": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "shl": lambda a, b: a << b if b < 32 else 0,
    "shr": lambda a, b: a >> b,
    "shra": lambda a, b: _signed(a) >> b,
    "eq": lambda a, b: _signed(a) == _signed(b),
    "ne": lambda a, b: _signed(a) != _signed(b),
    "lt": lambda a, b: _signed(a) < _signed(b),
    "le": lambda a, b: _signed(a) <= _signed(b),
    "gt": lambda a, b: _signed(a) > _signed(b),
    "ge": lambda a, b: _signed(a) >= _signed(b),
}

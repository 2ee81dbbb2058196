"""A program as text: bundle by bundle, with labels and source lines, or as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from softnpu.errors import FormatError
from softnpu.inspect.machine_code import Program
from softnpu.inspect.report import Json
from softnpu.isa import table
from softnpu.isa.codec import Bundle, codec
from softnpu.isa.flow import Reached, reach
from softnpu.isa.text import notation


@dataclass(frozen=True)
class Line:
    """What stands at an address.

    Attributes:
        data: the bytes.
        bundle: what they are, None for none.
        problem: why they are none.
        reached: whether the program's control gets there.
        label: the name of the address, "" for none.
        source: the line that it was compiled from, "" for none or the same as before.
    """

    address: int
    data: bytes
    bundle: Bundle | None
    problem: str = ""
    reached: bool = False
    label: str = ""
    source: str = ""


class Disassembly:
    """A program, taken apart.

    Attributes:
        reached: what control gets to.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        instructions = table.load(program.isa)
        self._codec, self._notation = codec(instructions), notation(instructions)
        relocated = {address: here for address, (_, here) in program.references.items()}
        self.reached: Reached = reach(
            self._codec, program.code, program.starts, program.base, relocated
        )
        inside = range(program.base, program.base + len(program.code))
        self.labels = {
            address: f".L{address:x}" for address in sorted(self.reached.targets & set(inside))
        }
        self.labels.update(program.symbols)

    @property
    def unknown(self) -> list[int]:
        """Addresses that control gets to and that hold no bundle."""
        return sorted(self.reached.faults)

    def lines(self) -> Iterator[Line]:
        """All of the program, in the order of addresses."""
        program, offset, told = self.program, 0, ""
        while offset < len(program.code):
            address = program.base + offset
            size, bundle, problem = self._at(offset)
            source = self._source(address)
            yield Line(
                address,
                program.code[offset : offset + size],
                bundle,
                problem,
                address in self.reached.bundles or address in self.reached.faults,
                self.labels.get(address, ""),
                source if source != told else "",
            )
            told = source
            offset += size

    def _at(self, offset: int) -> tuple[int, Bundle | None, str]:
        """Bytes, bundle, and why there is none; what is unknown ends before what is reached."""
        code = self.program.code
        try:
            bundle = self._codec.decode(code, offset)
        except FormatError as error:
            return min(_STEP, len(code) - offset), None, str(error)
        if self.program.base + offset not in self.reached.bundles:
            for inner in range(offset + _STEP, offset + bundle.size, _STEP):
                if self.program.base + inner in self.reached.bundles:
                    return inner - offset, None, "what is reached begins within"
        return bundle.size, bundle, ""

    def _source(self, address: int) -> str:
        line = self.program.lines.line(address) if self.program.lines else None
        return str(line) if line else ""

    def text(self, line: Line) -> str:
        """What stands there, in LLVM's syntax."""
        if line.bundle is None:
            return f".byte {', '.join(f'{byte:#04x}' for byte in line.data)}  // {line.problem}"
        reference, here = self.program.references.get(line.address, ("", None))
        reference = self.labels.get(here, reference) if here is not None else reference
        if not reference:
            return self._notation.write_bundle(line.bundle, self.labels.get)
        written = self._notation.write_bundle(line.bundle, lambda _: reference)
        return written if f"#{reference}" in written else f"{written}  // {reference}"


_STEP = 2
_RUN = 3
"""From so many bundles of zeros on they are told together."""


def to_text(found: Disassembly) -> Iterator[str]:
    """The program, a bundle a line with its address."""
    program = found.program
    yield f"// {program.title}: {len(program.code)} bytes of {program.isa} code"
    for run in _runs(found):
        line = run[0]
        if line.label:
            yield f"{line.label}:"
        if line.source:
            yield f"    // {line.source}{_source_text(found.program, line.address)}"
        if len(run) > 1:
            size = sum(len(each.data) for each in run)
            yield f"{line.address:6x}:  // {size} bytes of zeros"
        else:
            yield f"{line.address:6x}:  {found.text(line)}"


def _runs(found: Disassembly) -> Iterator[list[Line]]:
    """The lines, each by itself but unreached zeros together."""
    zeros: list[Line] = []
    for line in found.lines():
        if not line.reached and not any(line.data) and not line.label:
            zeros.append(line)
            continue
        yield from [zeros] if len(zeros) >= _RUN else [[each] for each in zeros]
        zeros = []
        yield [line]
    yield from [zeros] if len(zeros) >= _RUN else [[each] for each in zeros]


def _source_text(program: Program, address: int) -> str:
    """The source line itself, where its file is there."""
    line = program.lines.line(address) if program.lines else None
    if line is None:
        return ""
    try:
        text = Path(line.path).read_text().splitlines()[line.number - 1].strip()
    except (OSError, UnicodeDecodeError, IndexError):
        return ""
    return f"  {text}"


def to_json(found: Disassembly) -> Json:
    """The program as JSON: a list of bundles with slots, opcodes and operands."""
    return {
        "title": found.program.title,
        "isa": found.program.isa,
        "bytes": len(found.program.code),
        "unknown_reached": found.unknown,
        "bundles": [_bundle_json(found, line) for line in found.lines()],
    }


def _bundle_json(found: Disassembly, line: Line) -> Json:
    data: Json = {
        "address": line.address,
        "data": line.data.hex(),
        "reached": line.reached,
    }
    for key, value in (("label", line.label), ("source", line.source), ("problem", line.problem)):
        if value:
            data[key] = value
    if line.bundle:
        data["text"] = found.text(line)
        data["instructions"] = [
            {
                "slot": instruction.opcode.slot,
                "opcode": instruction.opcode.name,
                "operands": {
                    operand.name: value
                    for operand, value in zip(
                        instruction.opcode.operands, instruction.operands, strict=True
                    )
                },
            }
            for instruction in line.bundle.instructions
        ]
    return data

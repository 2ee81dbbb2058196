"""A plan that is being made: the instruction's operands, its address, and what it writes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from softnpu.emulator.aie2.layout import STATUS, c_type
from softnpu.emulator.aie2.plan import Plan, Read, Write
from softnpu.isa.codec import Instruction
from softnpu.isa.model import Immediate, InstructionSet, Operand, Stage

_IN_LIBRARY = re.compile(r"[cs]r(?!UPSMode|SRSMode|UnpackSize|PackSize)[A-Z]")
"""Control and status that the library reads where it computes; not AIE2P's widths of lanes."""

_FILL = 32
"""Bytes by which a compressed load moves its pointer on (UG1583, Compressed Load Operations)."""


@dataclass
class Input:
    """An operand that is read: C for it, its bits, and C for the rest of one that has two parts."""

    text: str
    bits: int
    pair: str = ""


class Draft:
    """The plan of one instruction, with its operands read.

    Attributes:
        inputs: what is read, by operand or by register.
        values: the operands' registers and numbers.
    """

    def __init__(self, instructions: InstructionSet, instruction: Instruction) -> None:
        self.set = instructions
        self.opcode = instruction.opcode
        self.values = dict(
            zip((o.name for o in self.opcode.operands), instruction.operands, strict=True)
        )
        self.made = Plan()
        self.inputs: dict[str, Input] = {}
        self._read_all()
        if self.has_memory:
            self._address()

    @property
    def has_memory(self) -> bool:
        """Whether an address is written in it."""
        return "[" in self.opcode.syntax

    def is_address(self, name: str) -> bool:
        """Whether an operand or a part of one belongs to the address."""
        return self.has_memory and name.split("_")[0] in ("ptr", "sp", "mod", "dj", "imm")

    def given(self) -> list[Input]:
        """The operands that are read and belong to no address, in the order of the text."""
        return [
            one
            for name, one in self.inputs.items()
            if name in self.values and not self.is_address(name)
        ]

    def outputs(self) -> list[Operand]:
        """The operands that are written, but for a pointer."""
        return [o for o in self.opcode.operands if o.writes is not None and o.name != "ptr"]

    def bits(self, operand: Operand) -> int:
        """Of the register that an operand is."""
        return self.set.registers[str(self.values[operand.name])].bits

    def write(self, variable: str, register: str, stage: Stage, latches: bool = False) -> None:
        """A register takes a variable's value in a stage."""
        bypass = self._bypass(register, stage)
        self.made.writes.append(Write(variable, register, stage.number, bypass, latches))

    def assign(self, variable: str, output: Operand, text: str) -> None:
        """An output takes the value of C, where it computes: a variable of its own, or another
        one as it is."""
        assert output.writes is not None
        kind = c_type(self.bits(output))
        if self.made.variables.get(text.removeprefix("@")) == kind:
            variable = text.removeprefix("@")
        else:
            self.made.variables[variable] = kind
            self.made.statements.append(f"@{variable} = {text};")
        self.write(variable, str(self.values[output.name]), output.writes)

    def implicit_write(self, register: str) -> Stage | None:
        """When a register is written by the way; None if it is not."""
        return next((o.writes for o in self.opcode.implicit if o.register == register), None)

    def flags(self) -> None:
        """The status flags: what the library left in a copy lands in the stage of each."""
        if "flags" not in self.made.variables:
            return
        for one in self.opcode.implicit:
            if one.writes is None or one.register not in STATUS:
                continue
            name = f"flag_{STATUS[one.register]}"
            self.made.variables[name] = "uint32_t"
            self.made.statements.append(f"@{name} = @flags.{STATUS[one.register]};")
            self.write(name, one.register, one.writes, latches=one.register != "srCarry")

    def set_flags(self) -> None:
        """Begins with status flags for the library to change: the carry as it is, which it reads,
        or none, as all others latch where they land."""
        if "flags" in self.made.variables:
            return
        self.made.variables["flags"] = "npu_status"
        carries = self.implicit_write("srCarry") is not None
        begin = "@flags.carry = @carry;" if carries else "@flags = (npu_status){0};"
        self.made.statements.append(begin)

    # -- operands ----------------------------------------------------------------------------

    def _read_all(self) -> None:
        for operand in self.opcode.operands:
            value = self.values[operand.name]
            if isinstance(operand.type, Immediate):
                assert isinstance(value, int)
                self.inputs[operand.name] = Input(f"{value & 0xFFFFFFFF:#x}u", 32)
            elif operand.reads is not None or operand.counts is not None:
                assert isinstance(value, str)
                self._read(operand.name, value, operand.reads or Stage(1))
        for other in self.opcode.implicit:
            if other.register == "cntr":
                self.inputs["cntr"] = Input("(s->cycles + @ahead)", 64)
            elif other.reads is not None and not _IN_LIBRARY.match(other.register):
                self._read(other.register, other.register, other.reads)

    def _read(self, name: str, register: str, stage: Stage) -> None:
        parts = self.set.registers[register].parts
        bits = [self.set.registers[part].bits for part in parts]
        if parts and (len(set(bits)) > 1 or register.startswith("d")):
            for part in parts:
                self._read(f"{name}_{_short(part)}", part, stage)
            low, high = (f"@{name}_{_short(part)}" for part in parts[:2])
            self.inputs[name] = Input(low, bits[0], high)
            return
        self.made.reads.append(Read(name, register, stage.number, self._bypass(register, stage)))
        self.made.variables[name] = c_type(self.set.registers[register].bits)
        self.inputs[name] = Input(f"@{name}", self.set.registers[register].bits)

    def _bypass(self, register: str, stage: Stage) -> str:
        bypassing = self.set.classes.get(stage.bypass_class)
        return stage.bypass if bypassing is None or register in bypassing.codes else ""

    # -- addresses ---------------------------------------------------------------------------

    def _address(self) -> None:
        made = self.made
        base = "ptr" if "ptr" in self.inputs else "sp"
        start = self.inputs[base].text
        inside = re.search(r"\[(.*?)\]", self.opcode.syntax)
        assert inside is not None
        within = inside[1].split(", ")
        made.variables["at"] = "uint32_t"
        offset = f" + {self.inputs[within[1][1:]].text}" if len(within) > 1 else ""
        made.address.append(f"@at = ({start}{offset}) & NPU_ADDRESS;")
        made.accesses = [
            (access.bytes, access.stage)
            for access in (self.opcode.load, self.opcode.store)
            if access and access.bytes
        ]
        pointer = next((o for o in self.opcode.operands if o.name == "ptr"), None)
        stage = pointer.writes if pointer else self.implicit_write("sp")
        if stage is None:
            return
        made.variables["moved"] = "uint32_t"
        mod = next((o for o in self.opcode.operands if o.name == "mod"), None)
        if mod is not None and mod.counts is not None:
            self._dimensions(mod, start)
        else:
            by = self.inputs.get("mod" if mod is not None else "imm", Input(f"{_FILL}u", 32))
            made.address.append(f"@moved = {start} + {by.text};")
        self.write("moved", str(self.values["ptr"]) if pointer else "sp", stage)

    def _dimensions(self, mod: Operand, start: str) -> None:
        register = str(self.values["mod"])
        assert mod.counts is not None
        groups = (
            [register]
            if register in self.set.classes["eD"].codes
            else list(self.set.registers[register].parts)
        )
        names = ["mod"] if len(groups) == 1 else [f"mod_{group}" for group in groups]
        step = f"@{names[0]}_m"
        for name, group in reversed(list(zip(names, groups, strict=True))):
            counter = f"{name}_next"
            self.made.variables[counter] = "uint32_t"
            self.write(counter, self.set.registers[group].parts[3], mod.counts)
            self.made.address.append(f"@{counter} = @{name}_dc;")
            step = f"npu_step(&@{counter}, @{name}_dn, @{name}_dj, {step})"
        self.made.address.append(f"@moved = {start} + {step};")


def _short(part: str) -> str:
    """How a part of an address register or sparse operand is named: m0 -> m, d4 -> d4, q1 -> q."""
    return part if re.match(r"d\d", part) else part.rstrip("0123456789")

"""How a core's registers lie in memory, and what they are in C."""

from __future__ import annotations

from functools import cache

from softnpu.emulator.aie2.operations import NotExecutedError
from softnpu.isa.model import InstructionSet

CONTROL = {
    "crSat": "sat",
    "crRnd": "rnd",
    "crSRSSign": "srs_sign",
    "crUPSSign": "ups_sign",
    "crPackSign": "pack_sign",
    "crUnpackSign": "unpack_sign",
    "crVaddSign": "vadd_sign",
    "crFPMask": "fp_mask",
    "crF2IMask": "f2i_mask",
    "crF2FMask": "f2f_mask",
}
"""Control registers that the library reads: fields of `npu_control`."""
STATUS = {
    "srCarry": "carry",
    "srSRS_of": "srs_of",
    "srUPS_of": "ups_of",
    "srSparse_of": "sparse_of",
    "srFPFlags": "fp",
    "srF2IFlags": "f2i",
    "srF2FFlags": "f2f",
}
"""Status registers that the library writes: fields of `npu_status`."""
_TYPES = {32: "uint32_t", 64: "uint64_t", 128: "npu_q", 256: "npu_w", 512: "npu_x", 1024: "npu_y"}


def c_type(bits: int) -> str:
    """What a register of so many bits is in C; NotExecutedError for one that is not modelled."""
    try:
        return _TYPES[max(bits, 32)]
    except KeyError:
        raise NotExecutedError(f"registers of {bits} bits") from None


def field(register: str) -> str:
    """The field of a register that has no parts."""
    if register in CONTROL:
        return f"s->control.{CONTROL[register]}"
    if register in STATUS:
        return f"s->status.{STATUS[register]}"
    return f"s->{register}"


def order(instructions: InstructionSet) -> list[str]:
    """The registers without parts, those of one composite side by side."""
    found: dict[str, None] = {}
    by_size = sorted(instructions.registers.values(), key=lambda one: -one.bits)
    for register in by_size:
        leaves = instructions.leaves(register.name)
        if len({instructions.registers[leaf].bits for leaf in leaves}) == 1:
            found.update(dict.fromkeys(leaves))
    return [
        *found,
        *(
            name
            for name in instructions.registers
            if not instructions.registers[name].parts and name not in found
        ),
    ]


@cache
def fields(instructions: InstructionSet) -> str:
    """The registers as fields of a C structure."""
    return " ".join(
        f"{c_type(instructions.registers[name].bits)} {name};"
        for name in order(instructions)
        if name not in CONTROL and name not in STATUS
    )


@cache
def offsets(instructions: InstructionSet) -> dict[str, tuple[int, int]]:
    """By register without parts: the byte at which it lies in `npu_core`, and its bytes."""
    found, at = {}, 0
    for name in order(instructions):
        if name in CONTROL or name in STATUS:
            continue
        size = max(instructions.registers[name].bits, 32) // 8
        align = min(size, 8)
        at = -(-at // align) * align
        found[name] = (at, size)
        at += size
    return found


def get(instructions: InstructionSet, register: str) -> str:
    """C that reads a register, whole or made of others of one size that lie side by side."""
    leaves = instructions.leaves(register)
    first = field(leaves[0])
    if len(leaves) == 1:
        return first
    return f"{c_type(instructions.registers[register].bits)}_get(&{first})"


def set_(instructions: InstructionSet, register: str, value: str, latches: bool = False) -> str:
    """C that writes a register; one that latches keeps the bits that are set."""
    leaves = instructions.leaves(register)
    first = field(leaves[0])
    bits = instructions.registers[register].bits
    if len(leaves) > 1:
        return f"{c_type(bits)}_set(&{first}, {value});"
    mask = f" & {(1 << bits) - 1:#x}" if bits < 32 else ""
    return f"{first} {'|' if latches else ''}= {value}{mask};"

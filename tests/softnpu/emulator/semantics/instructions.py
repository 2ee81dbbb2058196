"""Which operation of the library an instruction means, with which operands."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.softnpu.emulator.semantics.library import call

if TYPE_CHECKING:
    from tests.softnpu.emulator.semantics.machine import Machine

SIZES = {"w": 32, "a": 32, "x": 64, "b": 64, "y": 128, "c": 128}
"""Bytes of a register, by its name's first letter."""

SETS_CARRY = ("abs", "adc", "add", "sbc", "sub")
SCALAR = (
    *("abs", "adc", "add", "and", "ashl", "clb", "clz", "divs", "eq", "eqz", "extend", "ge"),
    *("geu", "lshl", "lt", "ltu", "mul", "ne", "nez", "or", "sbc", "sel", "sub", "xor"),
)


class UnknownError(Exception):
    """An instruction that has no operation here."""


def operate(machine: Machine, mnemonic: str, operands: list[str]) -> None:
    """Compute, and write what comes out; UnknownError for other instructions."""
    if mnemonic.split(".")[0] in SCALAR:
        _scalar(machine, mnemonic, operands)
        return
    for pattern, execute in VECTOR:
        match = pattern.fullmatch(mnemonic)
        if match:
            execute(machine, operands, *match.groups())
            return
    raise UnknownError(f"no operation for {mnemonic}")


def _scalar(machine: Machine, mnemonic: str, operands: list[str]) -> None:
    name = mnemonic.replace(".", "_")
    target, *sources = operands
    if name == "divs":
        quotient = ctypes.c_uint32(machine.scalar("r31"))
        remainder, divisor = map(machine.scalar, sources[1:])
        machine.write(target, call("divs", None, remainder, divisor, quotient))
        machine.write("r31", quotient.value)
        return
    status = (machine.status,) if name in SETS_CARRY else ()
    machine.write(target, call(name, None, *map(machine.scalar, sources), *status))


Execute = Callable[..., None]


def _lanewise(machine: Machine, operands: list[str], stem: str, width: str) -> None:
    """vadd.16 x, x, x: no mask."""
    machine.write(operands[0], call(f"{stem}_{width}", 64, *map(machine.vector, operands[1:])))


def _bitwise(machine: Machine, operands: list[str], stem: str) -> None:
    machine.write(operands[0], call(stem, 64, *map(machine.vector, operands[1:])))


def _choosing(machine: Machine, operands: list[str], stem: str, width: str) -> None:
    """vsel.16 x, x, x, r."""
    target, a, b, mask = operands
    result = call(f"{stem}_{width}", 64, *map(machine.vector, (a, b)), machine.scalar(mask))
    machine.write(target, result)


def _is_signed(machine: Machine, sign: str) -> int:
    return int(machine.control.vadd_sign) if sign == "d" else 1


def _masking(machine: Machine, operands: list[str], stem: str, sign: str, width: str) -> None:
    """vsub_lt.s16 x, r, x, x: a vector and a mask."""
    target, mask, *sources = operands
    flags = ctypes.c_uint64()
    signs = () if width == "f16" else (_is_signed(machine, sign),)
    name = f"{stem}_{'b' if width == 'f16' else ''}{width}"
    machine.write(target, call(name, 64, *map(machine.vector, sources), *signs, flags))
    machine.write(mask, flags.value)


def _comparing(machine: Machine, operands: list[str], stem: str, sign: str, width: str) -> None:
    """vlt.s16 r, x, x."""
    signs = () if width == "f16" else (_is_signed(machine, sign),)
    name = f"{stem}_{'b' if width == 'f16' else ''}{width}"
    machine.write(operands[0], call(name, None, *map(machine.vector, operands[1:]), *signs))


def _zero(machine: Machine, operands: list[str], width: str) -> None:
    machine.write(operands[0], call(f"veqz_{width}", None, machine.vector(operands[1])))


def _shuffle(machine: Machine, operands: list[str]) -> None:
    target, a, b, mode = operands
    sources = map(machine.vector, (a, b))
    machine.write(target, call("vshuffle", 64, *sources, machine.scalar(mode)))


def _shift(machine: Machine, operands: list[str]) -> None:
    target, a, b, amount = operands
    sources = map(machine.vector, (a, b))
    machine.write(target, call("vshift", 64, *sources, machine.scalar(amount)))


def _align(machine: Machine, operands: list[str]) -> None:
    target, a, step, b, amount = operands
    arguments = (machine.vector(a), machine.scalar(step), machine.vector(b), machine.scalar(amount))
    machine.write(target, call("vshift_align", 64, *arguments))


def _element(machine: Machine, operands: list[str], stem: str, width: str) -> None:
    """Broadcasts, inserts and pushes: scalars and vectors in the order of the text."""
    arguments = [
        machine.vector(name) if name.startswith("x") else machine.scalar(name)
        for name in operands[1:]
    ]
    machine.write(operands[0], call(f"{stem.replace('.', '_')}_{width}", 64, *arguments))


def _ups(machine: Machine, operands: list[str], to: str, sign: str, width: str) -> None:
    target, source, shift = operands
    kind = target[0]
    is_signed = sign == "s" or machine.control.ups_sign
    result = call(
        f"vups_s{to}_{width}_{kind}",
        SIZES[kind],
        *(machine.vector(source), machine.scalar(shift), is_signed),
        *(machine.control, machine.status),
    )
    machine.write(target, result)


def _srs(machine: Machine, operands: list[str], sign: str, to: str, width: str) -> None:
    target, source, shift = operands
    is_signed = sign == "s" or machine.control.srs_sign
    result = call(
        f"vsrs_{to}_s{width}_{source[0]}",
        SIZES[target[0]],
        *(machine.vector(source), machine.scalar(shift), is_signed),
        *(machine.control, machine.status),
    )
    machine.write(target, result)


def _unpack(machine: Machine, operands: list[str], sign: str, to: str, width: str) -> None:
    is_signed = sign == "s" or machine.control.unpack_sign
    result = call(f"vunpack_{to}_{width}", 64, machine.vector(operands[1]), is_signed)
    machine.write(operands[0], result)


def _multiply(machine: Machine, operands: list[str], stem: str, floats: str | None) -> None:
    target, *accumulators, a, b, conf = operands
    word = machine.scalar(conf)
    result = call(
        f"{stem}_f" if floats else stem,
        SIZES[target[0]],
        *map(machine.vector, accumulators),
        machine.vector(a).ljust(128, bytes(1)),
        machine.vector(b.removeprefix("q")),
        machine.vector(b.replace("x", "")) if b.startswith("q") else bytes(16),
        *(word, machine.status),
    )
    machine.write(target, result)


def _add(machine: Machine, operands: list[str], stem: str, floats: str | None) -> None:
    target, *accumulators, conf = operands
    word = machine.scalar(conf)
    values = [machine.vector(name) for name in accumulators]
    values += [bytes(SIZES[target[0]])] * (2 - len(values))
    status = (machine.status,) if floats else ()
    name = f"{stem}_f" if floats else stem
    machine.write(target, call(name, SIZES[target[0]], *values, word, *status))


def _convert(machine: Machine, operands: list[str], to: str) -> None:
    source = machine.vector(operands[1])
    if to == "fp32.bf16":
        result = call("vconv_fp32_bf16", 64, source)
    else:
        result = call("vconv_bf16_fp32", 32, source, machine.control, machine.status)
    machine.write(operands[0], result)


def _clear(machine: Machine, operands: list[str]) -> None:
    size = SIZES[operands[0][0]]
    machine.write(operands[0], call("vclr_y" if size == 128 else "vclr_x", size))


VECTOR: list[tuple[re.Pattern[str], Execute]] = [
    (re.compile(pattern), execute)
    for pattern, execute in (
        (r"(vadd|vsub)\.(8|16|32)", _lanewise),
        (r"(vband|vbor)", _bitwise),
        (r"(vaddsub|vsel)\.(8|16|32)", _choosing),
        (r"(vsub_lt|vsub_ge|vmax_lt|vmin_ge|vmaxdiff_lt)\.(s|d|b)(8|16|32|f16)", _masking),
        (r"(vabs_gtz|vbneg_ltz)\.(s|d)(8|16|32)", _masking),
        (r"(vneg_gtz)()(8|16|32)", _masking),
        (r"(vlt|vge)\.(s|d|b)(8|16|32|f16)", _comparing),
        (r"veqz\.(8|16|32)", _zero),
        (r"vshuffle", _shuffle),
        (r"vshift", _shift),
        (r"vshift\.align", _align),
        (r"(vbcst|vbcstshfl|vextbcst|vinsert|vpush\.lo|vpush\.hi)\.(8|16|32|64)", _element),
        (r"vups\.s(32|64)\.(s|d)(8|16|32)", _ups),
        (r"vsrsm?\.(s|d)(8|16|32)\.s(32|64)", _srs),
        (r"vunpack\.(s|d)(8|16)\.[sd](4|8)", _unpack),
        (r"vclr", _clear),
        (r"vconv\.(fp32\.bf16|bf16\.fp32)", _convert),
        (r"(v(?:neg|add|sub)?(?:mac|msc|mul))(\.f)?", _multiply),
        (r"(vadd|vsub|vnegadd|vnegsub|vneg)(\.f)?", _add),
    )
]

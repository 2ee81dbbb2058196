"""Instructions that compute, load and store, as plans."""

from __future__ import annotations

import re

from softnpu.emulator.aie2 import operations
from softnpu.emulator.aie2.draft import Draft, Input
from softnpu.emulator.aie2.layout import CONTROL, c_type
from softnpu.isa.model import Operand, RegisterClass
from softnpu.isa.table import AIE2

_SMALL = {1: "uint8_t", 2: "uint16_t", 4: "uint32_t"}
"""What so many bytes of memory are in C; more are a register's type."""

_SCALARS = (6, 32)
"""Bits of what shifts and configures."""

_WHOLE = 2048
"""Bits of an accumulator of AIE2P."""

BLOCKS = 576
"""Bits of 64 numbers in block floating point, with their exponents."""

_BY_THE_WAY = {"r31": "uint32_t", "r16": "uint64_t", "l8": "uint64_t"}
"""Registers that take a second result and are no operands, and what the library writes: a
quotient; of AIE2P, a mask."""

_PACKED = re.compile(r"pack$")
"""AIE2P's, between two vectors and one or one and half of one; AIE2's tell the width behind."""

_SIGN = re.compile(r"[a-z]+Sign[01]")
"""AIE2P's registers that say whether lanes are signed: an instruction names one of two."""

_COMPRESSED = re.compile(r"vldb\.(compr|sparse)\.(reset|fill|peek|pop)(?:\.(4|8|16))?")


def compute(draft: Draft) -> None:
    """Plans what an instruction computes.

    Raises:
        NotExecutedError: nobody has written down what it computes.
    """
    opcode = draft.opcode
    compressed = _COMPRESSED.fullmatch(opcode.mnemonic)
    if opcode.mnemonic.startswith("padd"):
        return
    if compressed:
        _decompress(draft, *compressed.groups())
    elif opcode.load and not draft.has_memory:
        _look_up(draft, opcode.load.stage)
    elif opcode.store:
        _store(draft)
    else:
        _result(draft)


def _result(draft: Draft) -> None:
    made, opcode = draft.made, draft.opcode
    outputs = draft.outputs()
    if opcode.load:
        size, stage = opcode.load.bytes, opcode.load.stage
        made.load = (f"NPU_LOAD(@load, {size}, @at, @here, @ahead);", stage)
        made.variables["load"] = _SMALL.get(size, c_type(size * 8))
        if not operations.is_fused(opcode):
            _assign(draft, outputs[0], _loaded(draft, outputs[0]))
            return
    if draft.bits(outputs[0]) == _WHOLE:
        _halves(draft, outputs[0])
        return
    if draft.bits(outputs[0]) == BLOCKS:
        _blocks(draft, outputs[0])
        return
    expression = _narrowed(draft, outputs[0])
    _assign(draft, outputs[0], expression)
    if "&@second" in expression:
        _second(draft, outputs)
    draft.flags()


def _halves(draft: Draft, output: Operand) -> None:
    """A whole accumulator of AIE2P: each half is computed as an accumulator of AIE2."""
    registers = [
        one
        for one in draft.opcode.operands
        if isinstance(one.type, RegisterClass) and not draft.is_address(one.name)
    ]
    lanes = "{lanes:" in operations.operation(draft.set.name, draft.opcode)[0]
    known = (*_SCALARS, 512, BLOCKS, *([1024] if lanes else []), _WHOLE)
    if any(draft.bits(one) not in known for one in registers):
        raise operations.NotExecutedError(draft.opcode.mnemonic)
    assert output.writes is not None
    parts = draft.set.registers[str(draft.values[output.name])].parts
    for half, part in enumerate(parts):
        name = f"out_{half}"
        draft.made.variables[name] = c_type(_WHOLE // 2)
        draft.made.statements.append(f"@{name} = {_expression(draft, output, half)};")
        draft.write(name, part, output.writes)
    draft.flags()


def _blocks(draft: Draft, output: Operand) -> None:
    """A vector of mantissas and another of exponents."""
    assert output.writes is not None
    draft.made.variables |= {"mantissas": c_type(512), "exponents": c_type(64)}
    draft.made.statements.append(f"@mantissas = {_expression(draft, output)};")
    parts = draft.set.registers[str(draft.values[output.name])].parts
    for variable, part in zip(("mantissas", "exponents"), parts, strict=True):
        draft.write(variable, part, output.writes)


def _assign(draft: Draft, output: Operand, text: str) -> None:
    """The result, which moves between masks and vectors take the lowest bits of."""
    given, wanted = next(iter(draft.inputs.values()), None), draft.bits(output)
    if draft.opcode.mnemonic.startswith("vmov") and given and given.bits != wanted:
        if draft.set.name != AIE2:  # no source tells what becomes of the vector's other half
            raise operations.NotExecutedError(draft.opcode.mnemonic)
        text = f"npu_low({text})" if given.bits < wanted else f"npu_lowest({text})"
    draft.assign("out", output, text)


def _loaded(draft: Draft, output: Operand) -> str:
    signed = re.search(r"\.s(8|16)$", draft.opcode.mnemonic)
    if signed:
        return f"(uint32_t)(int{signed[1]}_t)@load"
    mask = draft.made.variables["load"] == "npu_q" and draft.bits(output) == 256
    return "npu_low(@load)" if mask else "@load"


def _look_up(draft: Draft, stage: int) -> None:
    """Four addresses in half a vector: vldb.4x32.hi."""
    draft.made.variables |= {"at": "npu_w", "load": "npu_w"}
    draft.made.address.append(f"@at = {draft.inputs['src'].text};")
    table = "_".join(draft.opcode.mnemonic.split(".")[1:])
    draft.made.load = (f"@load = npu_load_{table}(s, @at, @here);", stage)
    draft.assign("out", draft.outputs()[0], "@load")


def _decompress(draft: Draft, kind: str, action: str, bits: str | None) -> None:
    """Each fills the core's buffer; what is taken from it lies where `dp` points."""
    made, load = draft.made, draft.opcode.load
    assert load is not None
    call = "reset(s, @at, @here)" if action == "reset" else "fill(s, @at)"
    made.load = (f"@load = npu_load_{call};", load.stage)
    made.variables["load"] = "uint32_t"
    stage = draft.implicit_write("dp")
    if action == "reset":
        assert stage is not None
        made.variables["begin_next"] = "uint32_t"
        made.address.append("@begin_next = @at;")
        draft.write("begin_next", "dp", stage)
    if action not in ("peek", "pop"):
        return
    output = draft.outputs()[0]
    register = str(draft.values[output.name])
    assert output.writes is not None
    made.variables |= {"data": "npu_w", "left": "uint32_t"}
    if kind == "sparse":
        mask, register = draft.set.registers[register].parts
        made.variables["mask"] = "uint64_t"
        draft.write("mask", mask, output.writes)
        draft.set_flags()
        arguments = f"{bits}, &@mask, &@flags"
    else:
        arguments = ""
    draft.write("data", register, output.writes)
    comma = ", " if arguments else ""
    made.statements.append(f"@data = npu_take_{kind}(s, @dp, &@left, @here{comma}{arguments});")
    draft.flags()
    if stage is not None:
        draft.write("left", "dp", stage)


def _store(draft: Draft) -> None:
    made, opcode = draft.made, draft.opcode
    assert opcode.store is not None
    size, stage = opcode.store.bytes, opcode.store.stage
    made.store = (f"NPU_STORE(@data, {size}, @at, @here, @ahead);", stage)
    source = draft.given()[0]
    made.variables["data"] = _SMALL.get(size, c_type(size * 8))
    if operations.is_fused(opcode):
        text = _narrowed(draft, None)
        draft.flags()
    elif size == 16 and source.bits == 256:
        text = f"npu_lowest({source.text})"
    elif size < 4:
        text = f"({_SMALL[size]}){source.text}"
    else:
        text = source.text
    made.statements.append(f"@data = {text};")


def _second(draft: Draft, outputs: list[Operand]) -> None:
    if len(outputs) > 1:
        draft.made.variables["second"] = "uint64_t"
        assert outputs[1].writes is not None
        draft.write("second", str(draft.values[outputs[1].name]), outputs[1].writes)
        return
    (register, stage), *_ = (
        (name, stage) for name in _BY_THE_WAY if (stage := draft.implicit_write(name)) is not None
    )
    draft.made.variables["second"] = _BY_THE_WAY[register]
    draft.write("second", register, stage)


def _narrowed(draft: Draft, output: Operand | None) -> str:
    """A result; side by side what AIE2P makes of the halves of a whole accumulator or two vectors,
    or two vectors' halves."""
    source = next(iter(draft.given()), None)
    mnemonic = draft.opcode.mnemonic
    if _PACKED.search(mnemonic) and output and draft.bits(output) == 1024:
        join = "npu_both"
    elif source and (
        ("srs." in mnemonic and source.pair) or (_PACKED.search(mnemonic) and source.bits == 1024)
    ):
        join = "npu_beside"
    else:
        return _expression(draft, output)
    return f"{join}({_expression(draft, output)}, {_expression(draft, output, 1)})"


def _expression(draft: Draft, output: Operand | None, half: int = 0) -> str:
    """C of the result, or of half an accumulator of AIE2P."""
    expression, match = operations.operation(draft.set.name, draft.opcode)
    ordered = draft.given()
    fused = operations.is_fused(draft.opcode)
    accumulator = draft.bits(output) if output else 0
    if match[0].startswith(("vsrs", "vconv.bf16")):
        accumulator = ordered[0].bits
    vector = "@load" if fused and draft.opcode.load else ordered[0].text if ordered else ""
    packed = _PACKED.search(draft.opcode.mnemonic) is not None
    halved = accumulator == _WHOLE or (packed and accumulator == 1024)
    names = {
        "st": "&@flags",
        "ctl": "s->control",
        "second": "@second",
        "vector": f"npu_half({vector}, {half})" if halved else vector,
        "kind": "c" if accumulator >= 1024 else "b",
        "size": "y" if accumulator == 1024 else "x",
        "float": "_f" if match.lastindex and match[match.lastindex] == ".f" else "",
        **{str(n): text for n, text in enumerate(match.groups(), 1)},
        **{name: one.text for name, one in draft.inputs.items()},
        **{name: f"s->control.{CONTROL[cr]}" for name, cr in operations.SIGNS.items()},
    }
    if _is_signed(match[0]):
        names |= dict.fromkeys(operations.SIGNS, "1")
    names |= {"half": str(half), "inverted": _inverted(match[0])}
    names["index"] = draft.inputs["r29"].text if "r29" in draft.inputs else "0u"
    names["sign"] = next((f"@{name}" for name in draft.inputs if _SIGN.fullmatch(name)), "")
    if "cntr" in draft.inputs:
        names["a"] = draft.inputs["cntr"].text
    for letter, one in zip("abcdef", ordered, strict=False):
        names[letter] = one.pair if half and one.pair else one.text
        if packed and one.bits == 1024:
            names[letter] = f"npu_one({one.text}, {half})"
        names[f"lanes:{letter}"] = _lanes(one, half)
        names[f"rows:{letter}"] = f"npu_rows({one.text}, {half})"
        names[f"wide:{letter}"] = one.text if one.bits == 1024 else f"npu_widen({one.text})"
        names[f"exponents:{letter}"] = one.pair
        names[f"pair:{letter}"] = f"{one.text}, {one.pair or 'npu_no_mask()'}"
    text = re.sub(r"\{([A-Za-z0-9_:]+)\}", lambda hole: str(names[hole[1]]), expression)
    if "&@flags" in text:
        draft.set_flags()
    return text


def _inverted(mnemonic: str) -> str:
    """The bit of a configuration word that a product's name inverts."""
    return "0x800u" if mnemonic.startswith(("vmsc", "vnegmul")) else "0u"


def _lanes(vector: Input, half: int) -> str:
    """What of a vector half an accumulator of AIE2P takes: an x has nothing for the upper half."""
    if vector.bits == 1024:
        return f"npu_one({vector.text}, {half})"
    return "npu_vclr_x()" if half else vector.text


def _is_signed(mnemonic: str) -> bool:
    """Whether the form is .s*, not .d*: of ups the input's letter counts, else the first."""
    letters: list[str] = re.findall(r"\.([sd])\d", mnemonic)
    if not letters:
        return False
    return letters[-1 if mnemonic.startswith("vups") else 0] == "s"

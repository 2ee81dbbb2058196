import random

import pytest

from softnpu.errors import FormatError
from softnpu.isa import table
from softnpu.isa.codec import Bundle, Codec, Instruction, Value, codec, encode_slot
from softnpu.isa.model import Immediate, InstructionSet, Opcode, Operand, RegisterClass
from softnpu.isa.text import Notation, notation

ATTEMPTS = 10

KNOWN_AIE2 = {
    "0100": "nop",
    "19180010": "ret lr",
    "191c0310": "abs r1, r0",
    "150100080200": "jl #1040",
    "550060060700": "movxm p3, #458752",
    "35d2fdcfd15e": "lda r7, [p2, #-12]; st r9, [sp, #-20]",
    "3b283b82a84001600300": "paddb [sp], #96; movx r20, #5; mov r4, p2",
    "c0030060000020000600000000000000": "nopb; nopa; nops; jz r3, #256; nopv",
}

KNOWN_AIE2P = {
    "0000": "nop",
    "18000010": "nopx",
    "040000000000": "nopxm",
    "221c000004f02c00": "nopa; nopv",
    "ba72a501005b01f02c00": "nopa; nops; nopm",
    "261c0000e24a032000f02c00": "nopa; nopb; nopm; nopv",
    "2e1c0000571a400000b602f02c00": "nopa; nops; nopm; nopv",
    "e100000000000000005b012000f02c00": "nopa; nopb; nops; nopxm; nopv",
    "18001012": "event #1",
    "18001014": "event.warning",
    "18002810": "ret lr",
    "3c6809728300": "vlda x0, [p0, #0]; vldb x2, [p1, #0]",
    "782d1018": "vadd.32 x0, x2, x0",
    "1813040a": "vst x0, [p2, #0]",
}
"""Bundles as they stand in memory."""


def _value(kind: RegisterClass | Immediate, number: int, rng: random.Random) -> Value:
    """The first, the last, or any value of an operand."""
    values = kind.range if isinstance(kind, Immediate) else list(kind.codes)
    return (values[0], values[-1])[number] if number < 2 else rng.choice(values)


def _as_tied(opcode: Opcode, operand: Operand, values: dict[str, Value]) -> Value:
    """The register with the code of the one that the operand is tied to."""
    other = next(one for one in opcode.operands if one.name == operand.tied)
    assert isinstance(operand.type, RegisterClass) and isinstance(other.type, RegisterClass)
    return operand.type.registers[other.type.codes[str(values[other.name])]]


def forms(opcode: Opcode, rng: random.Random) -> list[Instruction]:
    """The instruction with the ends of its operands' ranges, and at random."""
    found = []
    for number in range(ATTEMPTS):
        values: dict[str, Value] = {}
        for operand in opcode.operands:
            drawn = _value(operand.type, number, rng)
            values[operand.name] = _as_tied(opcode, operand, values) if operand.tied else drawn
        found.append(Instruction(opcode, tuple(values.values())))
    return found


@pytest.mark.parametrize(
    ("generation", "data", "text"),
    [
        *(("aie2", *known) for known in KNOWN_AIE2.items()),
        *(("aie2p", *known) for known in KNOWN_AIE2P.items()),
    ],
)
def test_known_bundles_are_read_and_written(generation: str, data: str, text: str) -> None:
    coder, written = codec(table.load(generation)), notation(table.load(generation))
    assert written.write_bundle(coder.decode(bytes.fromhex(data))) == text
    instructions = [written.parse(part).instruction for part in text.split(";")]
    assert coder.encode(coder.bundle(instructions)).hex() == data


def test_every_instruction_with_every_operand_comes_back(isa: InstructionSet) -> None:
    rng, coder, written = random.Random(1), codec(isa), notation(isa)
    for opcode in isa.opcodes.values():
        for instruction in forms(opcode, rng):
            code = encode_slot(instruction)
            decoded = coder.decode_slot(opcode.slot, code)
            assert decoded == instruction
            assert written.parse(written.write(decoded)).instruction == instruction


def test_every_register_and_number_of_an_operand_has_its_code(isa: InstructionSet) -> None:
    coder = codec(isa)
    seen: set[object] = set()
    for opcode in isa.opcodes.values():
        for number, operand in enumerate(opcode.operands):
            kind = operand.type
            if kind in seen or operand.tied or any(o.tied for o in opcode.operands):
                continue
            seen.add(kind)
            [base, *_] = forms(opcode, random.Random(2))
            values = list(kind.range[:4096] if isinstance(kind, Immediate) else kind.codes)
            for value in values:
                operands = (*base.operands[:number], value, *base.operands[number + 1 :])
                given = Instruction(opcode, operands)
                assert coder.decode_slot(opcode.slot, encode_slot(given)) == given


def test_bundles_of_every_format_come_back(isa: InstructionSet) -> None:
    rng, coder, written = random.Random(3), codec(isa), notation(isa)
    by_slot: dict[str, list[Opcode]] = {slot: [] for slot in isa.slots}
    for opcode in isa.opcodes.values():
        by_slot[opcode.slot].append(opcode)
    for form in isa.formats:
        for _ in range(ATTEMPTS):
            chosen = tuple(forms(rng.choice(by_slot[slot]), rng)[2] for slot in form.places)
            bundle = Bundle(form, chosen)
            data = coder.encode(bundle)
            assert len(data) == form.bits // 8 == coder.size(data)
            assert coder.decode(data) == bundle
            parts = written.write_bundle(bundle).split(";")
            assert [written.parse(part).instruction for part in parts] == list(chosen)


def test_bits_that_do_not_matter_are_read_over(coder: Codec, aie2: InstructionSet) -> None:
    shift = aie2.opcodes["VPUSH_LO_64"]
    code = encode_slot(Instruction(shift, ("x1", "l2", "x3")))
    free = (1 << aie2.slots["mv"].bits) - 1 & ~shift.mask
    for operand in shift.operands:
        for place, bits, _ in operand.pieces:
            free &= ~((1 << bits) - 1 << place)
    assert free and coder.decode_slot("mv", code | free) == coder.decode_slot("mv", code)


def test_instructions_are_bundled_in_the_smallest_format(coder: Codec, written: Notation) -> None:
    def size(*texts: str) -> int:
        return coder.bundle([written.parse(text).instruction for text in texts]).size

    assert size("nop") == 2
    assert size("mov r0, r1") == 4
    assert size("movxm r0, #1") == 6 and size("movxm r0, #1", "nop") == 8
    assert size("vlda wl0, [p0], #32", "nops", "mov r0, r1") == 10
    assert size("nopv", "nopx", "nopa", "nopb", "nops", "nopm") == 16


def test_two_instructions_of_one_slot_are_refused(coder: Codec, written: Notation) -> None:
    both = [written.parse(text).instruction for text in ("mov r0, r1", "mov r2, r3")]
    with pytest.raises(FormatError, match=r"two of mov and mov need the same slot"):
        coder.bundle(both)
    long = [written.parse(text).instruction for text in ("movxm r0, #1", "add r1, r1, r1")]
    with pytest.raises(FormatError, match=r"no bundle has the slots alu, lng together"):
        coder.bundle(long)


def test_what_is_no_bundle_is_told_with_its_place(coder: Codec) -> None:
    with pytest.raises(FormatError, match=r"the 2 bytes at 0x4 \(0xfff1\) are no bundle's format"):
        coder.decode(b"\0\0\0\0\xf1\xff", 4)
    with pytest.raises(FormatError, match=r"takes 16 bytes, 2 are left"):
        coder.decode(b"\0\0")
    code = next(code for code in range(1 << 20) if coder.decode_slot("alu", code) is None)
    bundle = 0x10000019 | code << 7
    with pytest.raises(FormatError, match=rf"no instruction of slot alu is {code:#x} \(at 0x0\)"):
        coder.decode(bundle.to_bytes(4, "little"))


def test_random_bits_are_a_bundle_or_an_error(isa: InstructionSet) -> None:
    rng, coder = random.Random(4), codec(isa)
    understood = 0
    for _ in range(5000):
        data = rng.randbytes(16)
        try:
            bundle = coder.decode(data)
        except FormatError:
            continue
        understood += 1
        again = coder.decode(coder.encode(bundle))
        assert again == bundle
    assert understood > 100


def test_an_operand_that_does_not_fit_is_refused(aie2: InstructionSet) -> None:
    with pytest.raises(FormatError, match=r"ADD cannot have x0 as mRx0"):
        encode_slot(Instruction(aie2.opcodes["ADD"], ("r0", "x0", "r1")))
    with pytest.raises(FormatError, match=r"cannot have 130 as imm"):
        encode_slot(Instruction(aie2.opcodes["LDA_dms_lda_idx_imm"], ("r0", "p0", 130)))

from pathlib import Path

import pytest

from softnpu.isa.codec import Codec
from softnpu.isa.model import InstructionSet
from softnpu.isa.text import Notation, NotationError, Reference, notation

LINES = Path(__file__).with_name("silicon_lines.s").read_text().splitlines()[1:]


def test_what_an_npu_executed_is_assembled_and_printed_alike(
    coder: Codec, written: Notation
) -> None:
    for line in LINES:
        data = coder.encode(coder.bundle([written.parse(line).instruction]))
        [instruction] = coder.decode(data).instructions
        assert written.write(instruction) == line


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("ADD R1, r2,r3", "add r1, r2, r3"),
        ("lda\tr0,[p1,#0x10]", "lda r0, [p1, #16]"),
        ("movxm r0, #0xFFFFFFFF", "movxm r0, #-1"),
        ("vextbcst.16 x0, x1, #-1", "vextbcst.16 x0, x1, #31"),
        ("mov r0, srCarry", "mov r0, srCarry"),
        ("vlda.3d wl0, [p1], d2", "vlda.3d wl0, [p1], d2"),
        ("vge.d8 r19:r18, x0, x4", "vge.d8 r19:r18, x0, x4"),
    ],
)
def test_text_is_read_as_llvm_reads_it(written: Notation, text: str, meant: str) -> None:
    assert written.write(written.parse(text).instruction) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("mov r0, srCarry", "mov r0, srcarry"),
        ("sqrt r1.flt2fx,s3, r2.FX2FLT, s2", "sqrt r1.flt2fx, s3, r2.fx2flt, s2"),
        ("vfloor.s32.bf16 x0, bmll0[#1], s2", "vfloor.s32.bf16 x0, bmll0[1], s2"),
        ("vlda.pop.512.3d x0, [p0, lf0, r24, d2]", "vlda.pop.512.3d x0, [p0, lf0, r24, d2]"),
        ("vadd dm0, dm1, SCD[r31++], r3", "vadd dm0, dm1, scd[r31++], r3"),
        ("event #1", "event #1"),
    ],
)
def test_aie2p_s_text_is_read_as_llvm_reads_it(
    aie2p: InstructionSet, text: str, meant: str
) -> None:
    notes = notation(aie2p)
    assert notes.write(notes.parse(text).instruction) == meant


@pytest.mark.parametrize(
    ("text", "message", "at"),
    [
        ("vlda.fill.512 [p1, lf0, r25]", "'lf0' must be lf1, which goes with p1", 19),
        ("mov r0, r1.flt2fy, s3", "expected 'ss' or '.flt2fx' behind the register", 8),
    ],
)
def test_a_mistake_in_aie2p_s_text_is_told_at_its_place(
    aie2p: InstructionSet, text: str, message: str, at: int
) -> None:
    with pytest.raises(NotationError) as raised:
        notation(aie2p).parse(text)
    assert message in str(raised.value)
    assert raised.value.at == at


def test_a_symbol_stands_for_an_address_or_a_number(written: Notation) -> None:
    assert written.parse("jl #scale").references == (Reference(0, "scale"),)
    assert written.parse("movxm p0, #buffer+32").references == (Reference(1, "buffer", 32),)
    assert written.parse("jnz r4, #.LBB0_1").references == (Reference(1, ".LBB0_1"),)
    jump = written.parse("jl #512").instruction
    assert written.write(jump, {512: "scale"}.get) == "jl #scale"


@pytest.mark.parametrize(
    ("text", "message", "at"),
    [
        ("addd r0, r1, r2", "there is no instruction 'addd'", 0),
        ("add r0, r1", "expected ',', found the end", 10),
        ("add r0, r1,", "expected one of r0, r1, … r31", 11),
        (
            "add r0, r1, p2",
            "expected one of r0, r1, … r31 (32 registers) or a number (#…), found 'p2'",
            12,
        ),
        ("lda r0, [p1, #130]", "130 is not in -128 to 124 in steps of 4", 13),
        ("ret lr, r0", "expected nothing more, found ','", 6),
        ("st r0, p1", "expected '[', found 'p1'", 7),
        ("vaddmac cm0, cm1, cm2, x0, x1, r0", "'cm1' must be cm0, the register of the result", 13),
        ("mov r0, x1", "expected 'SS' or a number (#…) or one of r0, r1, … srUPS_of (105", 8),
        ("", "expected an instruction", 0),
    ],
)
def test_a_mistake_is_told_at_its_place(
    written: Notation, text: str, message: str, at: int
) -> None:
    with pytest.raises(NotationError) as raised:
        written.parse(text)
    assert message in str(raised.value)
    assert raised.value.at == at


def test_a_mistyped_mnemonic_has_a_suggestion(written: Notation) -> None:
    with pytest.raises(NotationError) as raised:
        written.parse("vlad wl0, [p0]")
    assert "vlda" in raised.value.notes[0]

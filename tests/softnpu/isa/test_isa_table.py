"""tools/isa_table.py on a decoder of three instructions, tools/isa_families.py on four families."""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from softnpu.isa import table
from softnpu.isa.codec import codec
from softnpu.isa.text import notation
from tests.project import ROOT

FACTS = """# what is not copied

isa tiny machine=264 flags=9 delay=1 memory=64

length 16 01

register r0..r3 32
register p0..p1 20
register m0..m1 20
register d0..d1 80

class eR 2 r0..r3@0+1
class eP 1 p0..p1@0+1
class eM 1 m0..m1@0+1
class eD 1 d0..d1@0+1

timing NOP :
timing LDA_POST_1D : 7 1 1 1
timing LDA_POST_2D : 7 1 1 1 1
timing ADD : 1 1

effect LDA.* load=4@5
effect NOP/.* nop
"""

DECODER = """
static const uint8_t DecoderTableFormats16[] = {
/* 0 */       MCD::OPC_CheckField, 0, 2, 1, 4, 0, 0, // Skip to: 11
/* 7 */       MCD::OPC_Decode, 1, 0, // Opcode: I16_ALU
/* 11 */      MCD::OPC_Fail,
  0
};
static const uint8_t DecoderTableAlu32[] = {
/* 0 */       MCD::OPC_ExtractField, 0, 2,  // Inst{1-0} ...
/* 3 */       MCD::OPC_FilterValue, 0, 4, 0, 0, // Skip to: 12
/* 8 */       MCD::OPC_Decode, 2, 4, // Opcode: NOPX
/* 12 */      MCD::OPC_FilterValue, 1, 4, 0, 0, // Skip to: 21
/* 17 */      MCD::OPC_Decode, 3, 1, // Opcode: LOAD
/* 21 */      MCD::OPC_FilterValue, 2, 4, 0, 0, // Skip to: 30
/* 26 */      MCD::OPC_TryDecode, 4, 2, 9, 0, 0, // Opcode: LOAD_2D, skip to: 30
/* 30 */      MCD::OPC_Decode, 5, 3, // Opcode: ADD
/* 34 */      MCD::OPC_Fail,
  0
};
  switch (Idx) {
  case 0:
    tmp = fieldFromInstruction(insn, 2, 14);
    if (!Check(S, decodeAluSlot(MI, tmp, Address, Decoder))) { return Fail; }
    return S;
  case 1:
    tmp = fieldFromInstruction(insn, 2, 2);
    if (!Check(S, DecodeeRRegisterClass(MI, tmp, Address, Decoder))) { return Fail; }
    tmp = fieldFromInstruction(insn, 4, 1);
    if (!Check(S, DecodeePRegisterClass(MI, tmp, Address, Decoder))) { return Fail; }
    tmp = fieldFromInstruction(insn, 4, 1);
    if (!Check(S, DecodeePRegisterClass(MI, tmp, Address, Decoder))) { return Fail; }
    tmp = fieldFromInstruction(insn, 5, 1);
    if (!Check(S, DecodeeMRegisterClass(MI, tmp, Address, Decoder))) { return Fail; }
    return S;
  case 2:
    if (!Check(S, DecodeLOAD_2DInstruction(MI, insn, Address, Decoder))) { return Fail; }
    return S;
  case 3:
    tmp = fieldFromInstruction(insn, 2, 2);
    if (!Check(S, DecodeeRRegisterClass(MI, tmp, Address, Decoder))) { return Fail; }
    tmp = 0x0;
    insertBits(tmp, fieldFromInstruction(insn, 4, 1), 0, 1);
    insertBits(tmp, fieldFromInstruction(insn, 7, 1), 1, 1);
    if (!Check(S, DecodeeRRegisterClass(MI, tmp, Address, Decoder))) { return Fail; }
    return S;
  case 4:
    return S;
"""

INSTRUCTIONS = {
    "alu": [
        {"name": "NOPX", "asm_string": "nopx\t", "sched_class": "II_NOP"},
        {
            "name": "LOAD",
            "asm_string": "load\t$dst, [$ptr], $mod",
            "sched_class": "II_LDA_POST_1D",
        },
        {
            "name": "LOAD_2D",
            "asm_string": "load.2d\t$dst, [$ptr], $mod",
            "sched_class": "II_LDA_POST_2D",
        },
        {"name": "ADD", "asm_string": "add\t$a, $b", "sched_class": "II_ADD"},
    ]
}


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Imports one of the tools."""

    def tool(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        return module

    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    return tool


def test_a_table_is_made_of_llvm_s_decoder(
    tools: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tools("isa_table")
    monkeypatch.setattr(tool, "SLOTS", {"alu": (14, "NOPX")})
    monkeypatch.setattr(tool, "SLOT_LETTERS", {"alu": "x"})
    lines = list(tool.table(FACTS, tool.Decoder(DECODER), INSTRUCTIONS))
    made = table.parse("\n".join(lines))
    assert (made.name, made.flags, [form.bits for form in made.formats]) == ("tiny", 9, [16])
    rows = {line.split(" | ")[0].strip(): line for line in lines if " | " in line}
    assert "| ------b--baa-- |" in rows["ADD"]
    assert "dst eR w7, ptr eP r1 w1, mod eD c1 r1" in rows["LOAD_2D"]
    load, add = made.opcodes["LOAD_2D"], made.opcodes["ADD"]
    assert load.load and load.load.bytes == 4
    assert [operand.pieces for operand in add.operands] == [((2, 2, 0),), ((4, 1, 0), (7, 1, 1))]
    decoded = codec(made).decode(bytes([0b1011_1001, 0]))
    assert notation(made).write_bundle(decoded) == "load.2d r3, [p0], d1"


FAMILIES = """# what is not copied

isa tiny machine=264 flags=9 delay=1 memory=64

length 16 01

register r0..r3 32
register p0..p1 20

class eR 2 r0..r3@0+1
class eP 1 p0..p1@0+1

immediate simm4 4 1 signed

# not copied either
axis at   mode  | bits | text          | operands
choice at %_idx | 0    | [$ptr]        | ptr eP@11 r1
choice at _imm  | 400  | [$ptr], $imm  | ptr eP@11 r1 w1, imm simm4@4:1,6:3 r1

slot alu 14 x NOPX
NOPX | 0 | nopx | | nop
<o:ADD,SUB>_<w:8,16> | 1+<o:0,4>+<w:0,8> | <o:add,sub>.<w> $a, $b | a eR@12 w2m, b=a eR r1 |
LOAD<at.mode _x> | 2+<at.bits> | load $a, <at.text> | a eR@12 w7, <at.operands>, !r3 r1 | load=4@5

bundle 16 1 alu@2
"""


def test_families_are_expanded_for_every_choice(tools: Callable[[str], ModuleType]) -> None:
    text = "\n".join(tools("isa_families").table(FAMILIES))
    made = table.parse(text)
    assert "copied" not in text and "axis" not in text
    assert sorted(made.opcodes) == [
        "ADD_16", "ADD_8", "LOAD_imm", "LOAD_x_idx", "NOPX", "SUB_16", "SUB_8"
    ]  # fmt: skip
    add, load = made.opcodes["SUB_16"], made.opcodes["LOAD_imm"]
    assert (add.value, add.syntax, add.operands[1].tied) == (13, "sub.16 $a, $b", "a")
    assert (load.value, load.syntax) == (0x402, "load $a, [$ptr], $imm")
    assert load.operands[2].pieces == ((4, 1, 0), (6, 3, 1)) and load.load
    decoded = codec(made).decode((0x2C92 << 2 | 1).to_bytes(2, "little"))
    assert notation(made).write_bundle(decoded) == "load r2, [p1], #5"


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("1+<o:0,4>", "1+<o:1,4>", "bits of .* overlap"),
        ("a eR@12 w2m", "a eR@0 w2m", "a lies over fixed bits"),
        ("simm4@4:1,6:3", "simm4@4:1,5:2", "imm has not the bits of simm4"),
        ("$a, $b |", "$b, $a |", "operands are not those of the syntax"),
        ("<o:add,sub>", "<o:add>", "<o:add> has not 2 choices"),
        ("choice at _imm  | 400  |", "choice at _imm  |", "not as many cells"),
    ],
)
def test_facts_that_contradict_themselves_are_refused(
    tools: Callable[[str], ModuleType], right: str, wrong: str, message: str
) -> None:
    families = tools("isa_families")
    assert right in FAMILIES
    with pytest.raises(families.FactsError, match=message):
        list(families.table(FAMILIES.replace(right, wrong)))


def test_the_table_of_aie2p_is_what_its_facts_say(tools: Callable[[str], ModuleType]) -> None:
    facts = (ROOT / "tools" / "isa" / "aie2p.facts").read_text()
    lines = tools("isa_families").table(facts)
    made = Path(table.__file__).with_name("aie2p.isa").read_text()
    assert "".join(f"{line}\n" for line in lines) == made

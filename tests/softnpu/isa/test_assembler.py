import random
from pathlib import Path

import pytest

from softnpu.errors import AssemblyError
from softnpu.formats import elf
from softnpu.isa import elf_object
from softnpu.isa.assembler import assemble
from softnpu.isa.codec import Codec
from softnpu.isa.model import InstructionSet
from softnpu.isa.text import Notation

SCALE = """// doubles, and calls on
        .text
        .globl  scale
        .p2align 4
        .type   scale,@function
scale:  /* two
           lines */
        mova r1, #16; movxm p2, #table+8
.Lloop: lda r0, [p0], #4; add r1, r1, #-1
        jnz r1, #.Lloop
        nopx; mov r2, r3
        jl #other
.Lend:  .size   scale, .Lend-scale
        .ident  "by hand"
        .data
table:  .long 1, -2, scale
        .type table,@object
        .size table, .-table
        .asciz "hi\\n"
        .byte 255, -1
        .section .bss.buffer,"aw",@nobits
        .zero 64
"""


def test_bundles_labels_and_data_are_laid_out(
    aie2: InstructionSet, coder: Codec, written: Notation
) -> None:
    made = assemble(SCALE, aie2)
    text, data = made.sections[".text"], made.sections[".data"]
    assert text.alignment == 16 and text.flags == 6 and data.flags == 3
    assert (
        bytes(data.data) == bytes([1, 0, 0, 0, 0xFE, 255, 255, 255, 0, 0, 0, 0]) + b"hi\n\0\xff\xff"
    )
    assert (made.symbols["scale"].size, made.symbols["table"].size) == (len(text.data), 12)
    assert made.symbols[".Lloop"].address == 10
    first = coder.decode(text.data)
    assert written.write_bundle(first) == "mova r1, #16; movxm p2, #0"
    assert not made.sections[".bss.buffer"].stored
    assert len(made.sections[".bss.buffer"].data) == 64


def test_symbols_become_the_relocations_that_peano_s_linker_knows(aie2: InstructionSet) -> None:
    made = assemble(SCALE, aie2)
    found = [(r.offset, r.number, r.symbol, r.addend) for r in made.sections[".text"].relocations]
    assert found == [(0, 44, "table", 8), (16, 1, ".Lloop", 0), (30, 1, "other", 0)]
    [word] = made.sections[".data"].relocations
    assert (word.offset, word.number, word.symbol) == (8, 50, "scale")


def test_a_word_of_data_refers_by_the_generation_s_relocation(isa: InstructionSet) -> None:
    [word] = assemble(".data\nhere: .long here\n", isa).sections[".data"].relocations
    assert word.number == {"aie2": 50, "aie2p": 62}[isa.name]


@pytest.mark.parametrize(
    ("bundle", "number"),
    [
        ("jl #f", 1),
        ("nop; jl #f", 2),
        ("nopa; jl #f", 3),
        ("movxm p0, #f", 42),
        ("nop; movxm p0, #f", 43),
        ("nopv; movxm p0, #f", 45),
        ("mova r0, #f", 10),
        ("mov r0, #f", 29),
        ("nopb; nopa; nops; jl #f; nopv", 0),
    ],
)
def test_the_relocation_follows_the_bundle_s_format(
    aie2: InstructionSet, bundle: str, number: int
) -> None:
    [relocation] = assemble(bundle, aie2).sections[".text"].relocations
    assert relocation.number == number


def test_distances_among_data_are_put_in(aie2: InstructionSet) -> None:
    made = assemble(".data\na: .long b-a, .-a\n.short a-b\nb: .byte b-a\n", aie2)
    assert bytes(made.sections[".data"].data) == bytes([10, 0, 0, 0, 4, 0, 0, 0, 246, 255, 10])


def test_an_object_is_an_elf_file_of_the_core(aie2: InstructionSet) -> None:
    parsed = elf.parse(elf_object.write(assemble(SCALE, aie2)))
    assert (parsed.machine, parsed.flags, parsed.type) == (elf.AIE, 2, 1)
    sections = {section.name: number for number, section in enumerate(parsed.sections)}
    text = parsed.sections[sections[".text"]]
    assert text.size == len(assemble(SCALE, aie2).sections[".text"].data)
    assert parsed.sections[sections[".bss.buffer"]].size == 64
    symbols = {symbol.name: symbol for symbol in parsed.symbols}
    assert symbols["scale"].section == sections[".text"] and symbols["scale"].kind == 2
    assert symbols["other"].section == 0 and ".Lloop" not in symbols
    named = [
        (
            r.offset,
            r.type,
            parsed.symbols[r.symbol].name,
            parsed.symbols[r.symbol].section,
            r.addend,
        )
        for r in elf.relocations(parsed, sections[".text"])
    ]
    assert named == [
        (0, 44, "table", sections[".data"], 8),
        (16, 1, "", sections[".text"], 10),
        (30, 1, "other", 0, 0),
    ]
    table = parsed.sections[sections[".symtab"]]
    assert table.info == next(n for n, s in enumerate(parsed.symbols) if s.name == "scale")


def test_code_is_aligned_with_what_does_nothing(aie2: InstructionSet, coder: Codec) -> None:
    made = assemble("ret lr\n.p2align 4\nnopv; nopx\n", aie2)
    text = made.sections[".text"].data
    at = 4
    while at < 16:
        assert coder.decode(text, at).size == 2
        at += 2


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("nop\n  mov r0, x1", 2, 11, "found 'x1'"),
        ("x: y: mov r0, r1; mov r2, r3", 1, 7, "two of mov and mov need the same slot"),
        ("nop; addd r0", 1, 6, "there is no instruction 'addd'"),
        ("a:\n/* b */ a: nop", 2, 9, "'a' is defined twice"),
        ("  .sect 1", 1, 3, "the directive .sect is not known"),
        (".data\n nop", 2, 2, "section .data is not for instructions"),
        ("lda r0, [p0, #there]", 1, 1, "cannot hold the address of 'there'"),
        (".p2align 99", 1, 10, "99 is not in 0 to 14"),
        (".byte 256", 1, 7, "256 is not in -128 to 255"),
        (".type f,@thing", 1, 7, "a symbol is @function, @object or @notype, not '@thing'"),
        (".size f, .Lx-f", 1, 7, "'f' and the other end are not two places of one section"),
    ],
)
def test_a_mistake_is_told_with_line_and_column(
    aie2: InstructionSet, text: str, line: int, column: int, message: str
) -> None:
    with pytest.raises(AssemblyError) as raised:
        assemble(text, aie2, Path("k.s"))
    assert f"k.s:{line}:{column}: error: " in str(raised.value)
    assert message in str(raised.value)


def test_mangled_sources_are_assembled_or_refused(aie2: InstructionSet) -> None:
    rng = random.Random(6)
    refused = 0
    for _ in range(300):
        text = list(SCALE)
        for _ in range(rng.randint(1, 5)):
            at = rng.randrange(len(text))
            text[at : at + rng.randint(0, 3)] = rng.choice(' \n;,#[]:.-+"/*r0x9@\\')
        try:
            elf.parse(elf_object.write(assemble("".join(text), aie2)))
        except AssemblyError as error:
            assert error.location is not None
            refused += 1
    assert 0 < refused < 300


@pytest.mark.parametrize(
    ("text", "value"), [("#0x10", 16), ("#-0b101", -5), ("#0", 0), ("#+7", 7), ("12", 12)]
)
def test_numbers_are_written_as_in_llvm(written: Notation, text: str, value: int) -> None:
    assert written.parse(f"mov r0, {text}").instruction.operands[1] == value

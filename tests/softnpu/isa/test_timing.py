import pytest

from softnpu.isa.model import InstructionSet
from softnpu.isa.text import Notation
from softnpu.isa.timing import Touch, latency, reads, writes


def read(aie2: InstructionSet, written: Notation, text: str) -> list[Touch]:
    return list(reads(aie2, written.parse(text).instruction))


def wrote(aie2: InstructionSet, written: Notation, text: str) -> list[Touch]:
    return list(writes(aie2, written.parse(text).instruction))


def test_wide_registers_are_told_by_their_parts(aie2: InstructionSet, written: Notation) -> None:
    assert aie2.leaves("y2") == ("wl4", "wh4", "wl5", "wh5")
    assert aie2.leaves("cm0") == ("amll0", "amlh0", "amhl0", "amhh0")
    assert aie2.leaves("r3") == ("r3",)
    text = "vadd.8 x0, x1, x2"
    assert wrote(aie2, written, text) == [Touch("wl0", 2, "m"), Touch("wh0", 2, "m")]


def test_addresses_and_their_counters_are_written(aie2: InstructionSet, written: Notation) -> None:
    assert wrote(aie2, written, "padda.2d [p1], d2") == [Touch("p1", 1), Touch("dc2", 1)]
    assert wrote(aie2, written, "padda.3d [p1], d2") == [
        Touch("p1", 1),
        Touch("dc2", 1),
        Touch("dc6", 1),
    ]
    found = [touch.register for touch in read(aie2, written, "padda.2d [p1], d2")]
    assert found == ["p1", "m2", "dn2", "dj2", "dc2"]


def test_registers_that_no_text_names_are_touched_too(
    aie2: InstructionSet, written: Notation
) -> None:
    assert Touch("srCarry", 1) in read(aie2, written, "adc r0, r1, r2")
    assert Touch("r27", 1) in read(aie2, written, "sel.eqz r0, r1, r2, r27")
    assert wrote(aie2, written, "jl #0") == [Touch("lr", 4)]
    assert Touch("sp", 1) in read(aie2, written, "lda r0, [sp, #-4]")


@pytest.mark.parametrize(
    ("writer", "reader", "register", "cycles"),
    [
        ("add r0, r1, r2", "add r3, r0, r0", "r0", 1),
        ("lda r0, [p0, #0]", "add r3, r0, r0", "r0", 7),
        ("mul r0, r1, r2", "add r3, r0, r0", "r0", 2),
        ("vldb wl0, [p0, #0]", "vadd.8 x1, x0, x0", "wl0", 7),
        ("vadd.8 x0, x1, x2", "vadd.8 x3, x0, x0", "wl0", 1),
        ("vadd.8 x0, x1, x2", "vmac cm0, cm0, x0, x1, r0", "wl0", 2),
        ("vmac cm0, cm0, x0, x1, r0", "vmac cm0, cm0, x0, x1, r0", "amll0", 2),
        ("vmac cm0, cm0, x0, x1, r0", "vsrs.s16.s32 x0, cm0, s0", "amll0", 5),
        ("vmac.f bml0, bml0, x0, x1, r0", "vmac.f bml0, bml0, x0, x1, r0", "amll0", 4),
        ("vmov x0, x1", "vadd.8 x3, x0, x0", "wl0", 1),
        ("vmov x0, bml1", "vadd.8 x3, x0, x0", "wl0", 1),
        ("vmov bml0, x1", "vmac cm0, cm0, x0, x1, r0", "amll0", 0),
    ],
)
def test_a_value_is_there_when_the_pipeline_and_its_bypasses_say(
    aie2: InstructionSet, written: Notation, writer: str, reader: str, register: str, cycles: int
) -> None:
    write = next(t for t in wrote(aie2, written, writer) if t.register == register)
    wanted = next(t for t in read(aie2, written, reader) if t.register == register)
    assert latency(write, wanted) == cycles

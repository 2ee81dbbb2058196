from softnpu.isa.codec import Codec
from softnpu.isa.flow import reach
from softnpu.isa.text import Notation


def program(coder: Codec, written: Notation, *lines: str) -> tuple[bytes, list[int]]:
    """The bytes of bundles, and the address of each."""
    code, addresses = b"", []
    for line in lines:
        addresses.append(len(code))
        parts = [written.parse(part).instruction for part in line.split(";")]
        code += coder.encode(coder.bundle(parts))
    return code, addresses


NOPS = ("nop",) * 5


def test_a_branch_is_followed_and_its_delay_slots_run(coder: Codec, written: Notation) -> None:
    lines = ["j #22", *NOPS, "ret lr", "nop", "mov r0, r1", "ret lr", *NOPS]
    code, at = program(coder, written, *lines)
    found = reach(coder, code, [0])
    assert at[8] == 22 and sorted(found.bundles) == [*at[:6], *at[8:]]


def test_what_no_branch_leads_to_is_not_reached(coder: Codec, written: Notation) -> None:
    code, at = program(coder, written, "ret lr", *NOPS, "mov r0, r1", "ret lr", *NOPS)
    found = reach(coder, code, [0])
    assert sorted(found.bundles) == at[:6] and not found.targets and not found.faults


def test_conditional_branches_and_calls_go_both_ways(coder: Codec, written: Notation) -> None:
    lines = ["jnz r0, #{}", *NOPS, "jl #{}", *NOPS, "ret lr", *NOPS, "add r0, r0, r0", "ret lr"]
    _, at = program(coder, written, *(line.format(0) for line in lines))
    lines = [*(line.format(at[18]) for line in lines), *NOPS]
    code, at = program(coder, written, *lines)
    found = reach(coder, code, [0])
    assert sorted(found.bundles) == at and found.targets == {at[18]}


def test_hardware_loops_name_their_first_and_last_bundle(coder: Codec, written: Notation) -> None:
    code, _ = program(coder, written, "movxm ls, #12", "movxm le, #12", "add r0, r0, r1", "ret lr")
    found = reach(coder, code, [0])
    assert found.targets == {12}
    assert list(found.faults) == [len(code)]


def test_what_is_no_bundle_is_told_where_it_is_reached(coder: Codec, written: Notation) -> None:
    code, at = program(coder, written, "j #16", *NOPS)
    found = reach(coder, code + b"\xf1\xff", [0])
    assert found.faults == {16: "the 2 bytes at 0x10 (0xfff1) are no bundle's format"}
    assert sorted(found.bundles) == at


def test_a_symbol_of_elsewhere_leads_out_of_the_program(coder: Codec, written: Notation) -> None:
    code, at = program(coder, written, "jl #0", *NOPS, "jnz r0, #0", *NOPS, "ret lr", *NOPS)
    found = reach(coder, code, [0], relocated={0: None, at[6]: at[12]})
    assert found.targets == {at[12]} and sorted(found.bundles) == at

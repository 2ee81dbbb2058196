"""What a program sees of the pipeline: one small function for each hazard."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from softnpu.errors import EmulatorError
from tests.softnpu.emulator.aie2.calling import NOPS, RETURN, Call


def test_the_instructions_of_a_bundle_read_before_they_write(call: Call) -> None:
    swap = "add r0, r1, #0; mov r1, r0"
    assert call(f"{swap}\nadd r0, r0, r0\nadd r0, r0, r1\n{RETURN}", 3, 5).result == 13


@pytest.mark.parametrize(("waits", "seen"), [(5, 7), (6, 42)])
def test_a_load_lands_seven_cycles_on_and_the_old_value_is_there_until_then(
    call: Call, waits: int, seen: int
) -> None:
    between = "\n".join(["nop"] * waits)
    text = f"lda r0, [p0]\n{between}\nadd r1, r0, #0\n{NOPS}\nmov r0, r1\n{RETURN}"
    text = text.replace("[p0]", "[p0, #0]")
    assert call(text, np.array([42], np.int32), 7).result == seen


def test_a_load_that_is_on_its_way_when_a_branch_is_taken_lands_behind_it(call: Call) -> None:
    text = f"""
    j #target
    nop
    nop
    nop
    nop
    lda r0, [p0, #0]
    nop
target:
    add r1, r0, #0
    nop
    nop
    nop
    nop
    nop
    add r2, r0, #0
    lshl r2, r2, r3
    add r0, r1, r2
    {RETURN}"""
    done = call(text, np.array([42], np.int32), 7, 0, 0, 8)
    assert done.result == 42 * 256 + 7


def test_a_status_flag_that_is_cleared_while_an_instruction_runs_stays_so(call: Call) -> None:
    """What an instruction finds in a flag is not what it leaves there."""
    text = f"""
    mov s0, #0
    mov r2, #0
    vbcst.32 x0, r0
    vbcst.32 x1, r2
    {NOPS}
    vmov bml0, x0
    vmov bml1, x1
    {NOPS}
    vsrs.s16.s32 wl2, bml0, s0
    {NOPS}
    mov r3, srSRS_of
    vsrs.s16.s32 wl2, bml1, s0
    mov srSRS_of, r2
    {NOPS}
    mov r4, srSRS_of
    lshl r3, r3, r1
    add r0, r3, r4
    {RETURN}"""
    assert call(text, 1 << 20, 4).result == 0x10


def test_what_is_loaded_in_one_iteration_lands_in_the_next(call: Call) -> None:
    text = f"""
    movxm ls, #first
    movxm le, #last
    mov lc, r0
    {NOPS}
    mov r2, r1; mova r3, #1
first:
    lda r3, [p0], #4
    nop
    nop
last:
    add r2, r2, r3
    nop
    nop
    nop
    mov r0, r2
    {RETURN}"""
    # Each addition sees the load of the iteration before; the first what was there already.
    done = call(text, np.array([10, 20, 30, 40], np.int32), 4, 0)
    assert done.result == 1 + 10 + 20 + 30


def test_a_pointer_steps_behind_the_access(call: Call) -> None:
    text = f"lda r0, [p0], #8\nlda r1, [p0, #0]\n{NOPS}\nnop\nnop\nadd r0, r0, r1\n{RETURN}"
    assert call(text, np.array([1, 2, 30], np.int32)).result == 31


def test_a_2d_address_walks_rows(call: Call) -> None:
    step = "lda.2d r1, [p0], d0\n" + "\n".join(["nop"] * 6) + "\nst r1, [p1], #4"
    text = f"""
    mova m0, #4
    mova dn0, #1
    mova dj0, #8
    mova dc0, #0
    {step}
    {step}
    {step}
    {step}
    {RETURN}"""
    done = call(text, np.arange(8, dtype=np.int32), np.zeros(4, np.int32))
    assert done.arrays[1].tolist() == [0, 2, 3, 5]


def test_64_bits_are_added_through_the_carry(call: Call) -> None:
    text = f"add r4, r0, r2\nadc r0, r1, r3\n{RETURN}"
    assert call(text, -1, 5, 1, 6).result == 12


def test_a_byte_is_stored_alone(call: Call) -> None:
    done = call(f"st.s8 r0, [p0, #1]\n{RETURN}", np.full(4, 9, np.int8), 0x107)
    assert done.arrays[0].tolist() == [9, 7, 9, 9]


def test_srs_rounds_and_saturates_as_the_control_registers_say(call: Call) -> None:
    text = f"""
    mova r1, #{{sat}}; mov r2, #{{rnd}}
    mov crSat, r1
    mov crRnd, r2
    mov s0, #4
    mov s1, #0
    vlda wl0, [p0, #0]
    {NOPS}
    nop
    nop
    vups.s32.s16 bml0, wl0, s1
    {NOPS}
    vsrs.s8.s32 wl2, cm0, s0
    {NOPS}
    vst wl2, [p1, #0]
    {RETURN}"""
    given = np.array([24, 40, -24, 0x7FFF] * 4, np.int16)
    floor = call(text.format(sat=0, rnd=0), given, np.zeros(32, np.int8))
    even = call(text.format(sat=1, rnd=12), given, np.zeros(32, np.int8))
    assert floor.arrays[1][:4].tolist() == [1, 2, -2, -1]
    assert even.arrays[1][:4].tolist() == [2, 2, -2, 127]


def test_a_store_in_the_last_delay_slot_still_lands(call: Call) -> None:
    text = "ret lr\nnop\nnop\nnop\nnop\nst r0, [p0, #0]"
    assert call(text, np.zeros(1, np.int32), 77).arrays[0].tolist() == [77]


@pytest.mark.parametrize(("bits", "dtype"), [(16, "<u2"), (32, "<u4"), (64, "<u8")])
def test_four_entries_are_looked_up_at_once(call: Call, bits: int, dtype: str) -> None:
    """The table holds each 128 bits twice; an address steps by twice an entry's bytes, and what is
    above data memory's 256 KB does not count."""
    size = np.dtype(dtype).itemsize
    entries = (np.arange(64) * 0x0101 + 7).astype(dtype).reshape(-1, 16 // size)
    table = np.repeat(entries, 2, axis=0)
    wanted = np.array([3, 0, 21, 14, 9, 30, 31, 2], np.uint32)
    above = np.array([4, 0, 8, 12, 0x7C, 0xFFFC, 16, 4], np.uint32)
    where = ((above << 16) + wanted * (2 * size)).astype(np.uint32)
    text = f"""
    vlda wl0, [p1, #0]
    {NOPS}
    nop
    nop
    vldb.4x{bits}.lo wl2, wl0
    vldb.4x{bits}.hi wh2, wl0
    {NOPS}
    nop
    vst wl2, [p2, #0]
    vst wh2, [p2, #32]
    {RETURN}"""
    done = call(text, table, where, np.zeros(64, np.uint8))
    found = done.arrays[2].view("<u8").astype(dtype)
    assert found.tolist() == entries.reshape(-1)[wanted].tolist()


def compressed(values: np.ndarray[Any, Any], words: int) -> bytes:
    """Bytes as a mask of so many words and those that are not 0, up to a whole word."""
    kept = values[values != 0].tobytes()
    return np.packbits(values != 0, bitorder="little").tobytes() + kept + bytes(-len(kept) % 4)


def test_compressed_vectors_come_out_with_their_zeros(call: Call) -> None:
    vectors = np.arange(1, 97, dtype=np.uint8).reshape(3, 32)
    vectors[0, ::3] = vectors[1] = 0
    data = b"".join(compressed(vector, 1) for vector in vectors)
    pop = "vldb.compr.pop wl{}, [p0]\n"
    text = f"""
    vldb.compr.reset [p0]
    vldb.compr.fill [p0]
    vldb.compr.fill [p0]
    vldb.compr.peek wl3, [p0]
    {pop.format(0)}{pop.format(1)}{pop.format(2)}{NOPS}
    nop
    vst wl3, [p1], #32
    vst wl0, [p1], #32
    vst wl1, [p1], #32
    vst wl2, [p1], #32
    mov r0, dp
    {RETURN}"""
    given = np.frombuffer(data.ljust(128, b"\7"), np.uint8)
    done = call(text, given, np.ones(128, np.uint8))
    assert (done.arrays[1].reshape(4, 32) == vectors[[0, 0, 1, 2]]).all()
    assert done.result == 0x40000 + len(data)


@pytest.mark.parametrize("bits", [4, 8, 16])
def test_sparse_operands_are_two_of_four_elements_and_their_mask(call: Call, bits: int) -> None:
    size = 2 if bits == 16 else 1
    places = [(), (0,), (1,), (2,), (3,), (0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3), ()]
    groups = np.zeros((16 // size, 4), np.uint16)
    pairs = np.zeros((16 // size, 2), np.uint16)
    for number, (group, pair) in enumerate(zip(groups, pairs, strict=True)):
        kept = places[number % len(places)]
        values = [number * 4 + 3 + place for place in kept]
        group[list(kept)] = values
        at = [0, 1] if len(kept) == 2 else [int(place > 1) for place in kept]
        pair[at] = values
    whole, half = (part.astype(f"<u{size}").reshape(-1).view(np.uint8) for part in (groups, pairs))
    data = np.frombuffer(compressed(whole, 2).ljust(160, b"\0"), np.uint8)
    text = f"""
    vldb.sparse.reset.{bits} [p0]
    vldb.sparse.fill.{bits} [p0]
    vldb.sparse.fill.{bits} [p0]
    vldb.sparse.pop.{bits} qwh1, [p0]
    {NOPS}
    nop
    vst wh1, [p1], #32
    vmov wl2, q1
    {NOPS}
    vst wl2, [p1], #32
    mov r0, srSparse_of
    {RETURN}"""
    done = call(text, data, np.ones(64, np.uint8))
    assert (done.arrays[1][:32] == half).all()
    assert done.arrays[1][40:48].tobytes() == np.packbits(whole != 0, bitorder="little").tobytes()
    assert done.result == 0


def test_a_mask_that_keeps_three_of_four_is_flagged(call: Call) -> None:
    text = f"""
    vldb.sparse.reset.8 [p0]
    vldb.sparse.fill.8 [p0]
    vldb.sparse.pop.8 qwl0, [p0]
    {NOPS}
    nop
    mov r0, srSparse_of
    {RETURN}"""
    assert call(text, np.array([7] + [0] * 15, np.uint32)).result == 1


WRONG = {
    "two writes in one cycle": (
        f"mov.d2 r0, r1\nmov.d1 r0, r2\n{RETURN}",
        r"f\+0x\w+ \(.*mov.d1 r0, r2.*\) is where two writes land in one register in one cycle",
    ),
    "two writes in one cycle, in different regions": (
        f"jz r0, #next\nnop\nnop\nnop\nlda r1, [sp, #-32]\nnop\nnext: nop\nnop\nnop\n"
        f"mul r1, r0, r0\n{NOPS}\n{RETURN}",
        r"next\+0x6 \(mul r1, r0, r0\) is where two writes land in one register in one cycle",
    ),
    "a branch in a delay slot": (
        f"j #end\nj #end\n{NOPS}\nend: {RETURN}",
        r"f\+0x\w+ \(.*j #\d+.*\) is a branch in the delay slots of another",
    ),
    "a load from nowhere": (
        f"movxm p0, #0x90000\nlda r0, [p0, #0]\n{NOPS}\n{RETURN}",
        r"f\+0x\w+ \(.*lda r0, \[p0, #0\].*\) loads from 0x90000, where there is no memory",
    ),
    "a store into program memory": (
        f"movxm p0, #0x100\nst r0, [p0, #0]\n{NOPS}\n{RETURN}",
        r"stores to 0x100, where there is no memory",
    ),
    "a jump to where no code is": (
        f"movxm p0, #0x3000\nj p0\n{NOPS}",
        r"is no bundle: control went where there is no code",
    ),
    "a loop whose end nobody names": (
        f"mov r1, #16\nlshl r0, r0, r1\nmov le, r0\n{NOPS}\n{RETURN}",
        r"mov le, r0.*ends a hardware loop at 0x10000, an address that no instruction names",
    ),
    "an endless loop": (f"f1: j #f1\n{NOPS}", "has not ended after 100,000 cycles"),
    "compressed data that nothing has filled": (
        "movxm p0, #0x70000\nmova r0, #-1\nst r0, [p0, #0]\nst r0, [p0, #4]\nnop\n"
        f"vldb.sparse.reset.8 [p0]\nvldb.sparse.pop.8 qwl0, [p0]\n{NOPS}\nnop\n{RETURN}",
        r"pop.8 qwl0.* takes compressed data up to 0x70048, which no vldb has filled",
    ),
    "a lock": (f"acq #48, r0\n{RETURN}", "f waits for a lock, which one core alone has not"),
    "a stream": (f"mov r0, SS\n{RETURN}", "f reads from a stream, which one core alone has not"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_the_npu_leaves_undefined_or_a_core_alone_cannot_do_is_told(
    call: Call, name: str
) -> None:
    text, message = WRONG[name]
    with pytest.raises(EmulatorError, match=message):
        call(text, 1)


def test_an_entry_that_there_is_not_is_told_with_what_there_is(call: Call) -> None:
    with pytest.raises(EmulatorError, match="there is no function 'g'; there is f"):
        call(RETURN, entry="g")


BANKS = {
    "lda r0, [p0, #0]; vldb wl0, [p0, #32]": 1,
    "lda r0, [p0, #0]; vldb wl0, [p1, #0]": 0,
    "lda r0, [p0, #0]; vldb.128 wl0, [p2, dj0]": 0,
    "lda r0, [p0, #0]; vldb.128 wl0, [p3, dj0]": 1,
    "lda r0, [p0, #0]; st r1, [p0, #8]": 1,
    "lda r0, [p0, #0]; st r1, [p0, #16]": 0,
    "vlda wl1, [p0, #0]; vldb wl0, [p0, #32]; st r1, [p0, #64]": 2,
    "lda r0, [p0, #0]; vldb.128 wl0, [p2, dj0]; vst wl0, [p0, #64]": 1,
    "lda r0, [p0, #0]; vldb wl0, [p1, #0]; st r1, [p0, #64]": 1,
    "lda r0, [p0, #0]\nvldb wl0, [p0, #32]": 0,
    "lda r0, [p0, #0]\nnop\nst r1, [p0, #32]": 0,
    "vst.srs.s16.s32 bml0, s0, [p0, #0]\nnop\nlda r0, [p0, #0]": 1,
    "st.s8 r0, [p0, #0]; vldb wl0, [p0, #32]": 1,
    "st.s8 r0, [p0, #0]\n" + "nop\n" * 5 + "vldb wl0, [p0, #32]": 1,
}
"""Bundles, and the cycles in which accesses to one bank hold up the core. Banks have 16 KB, each
two sides that take turns every 16 bytes; p1 is in another one than the rest."""


def test_accesses_to_one_memory_bank_in_one_cycle_hold_up_the_core(call: Call) -> None:
    """Seen by the cycle counter in front of each and behind it."""
    lines = ["movxm p1, #0x44000", "movxm p2, #0x40010", "movxm p3, #0x40020", "movxm p4, #0x41000"]
    lines += ["mov dj0, #0", "mov s0, #0"]
    for accesses in BANKS:
        lines += ["mov r19:r18, cntr", accesses, *["nop"] * 11, "mov r21:r20, cntr"]
        lines += ["sub r20, r20, r18", "st r20, [p4], #4"]
    done = call("\n".join([*lines, NOPS, RETURN]), np.zeros(0x5000, np.int8))
    taken = done.arrays[0][0x1000:].view(np.int32)[: len(BANKS)]
    bundles = [13 + accesses.count("\n") for accesses in BANKS]
    assert (taken - bundles).tolist() == list(BANKS.values())
    assert done.stalls == sum(BANKS.values())

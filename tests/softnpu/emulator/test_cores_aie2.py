"""Cores that run AIE2 code: on the tiles' memories, with locks, streams and the cascade."""

from __future__ import annotations

import numpy as np
import pytest

from softnpu.arch.address import tile_address
from softnpu.arch.dma import Direction
from softnpu.arch.packets import CONTROL_HEADER, packet_header, with_odd_parity
from softnpu.arch.ports import Bundle
from softnpu.emulator import waits
from softnpu.emulator.array.array import Array
from softnpu.emulator.array.core_tile import CORE_CONTROL, CORE_STATUS
from softnpu.errors import EmulatorError
from softnpu.isa import table
from tests.softnpu.emulator.machine_code import assembled
from tests.softnpu.emulator.running import ABOVE, DONE, LEFT, RIGHT, fault_of, run
from tests.softnpu.emulator.wiring import connect, describe, make_array, settle, start

LOCK_VALUE, CASCADE_CONTROL = 0x1F000, 0x36060


def array() -> Array:
    return make_array(core_isa=None)


DOUBLE = """
    mova r1, #-1
    acq #48, r1
    movxm p0, #0x70400
    movxm p1, #0x70800
    movxm lc, #4
    movxm ls, #begin
    movxm le, #end
    @
begin:
    vlda wl0, [p0, #0]
    vlda wh0, [p0, #32]
    paddb [p0], #64
    @
    vadd.32 x0, x0, x0
    @
    vst wl0, [p1, #0]
    vst wh0, [p1, #32]
    paddb [p1], #64
end:
    nop
    movxm r3, #64
again:
    lda r0, [p0], #4
    @
    add r0, r0, r0
    st r0, [p1], #4
    add r3, r3, #-1
    jnz r3, #again
    nop
    nop
    nop
    nop
    nop
    mova r1, #1
    rel #49, r1
    done
"""


def test_a_core_doubles_a_buffer_between_two_locks() -> None:
    """64 numbers by vectors in a hardware loop, 64 more one by one."""
    made = array()
    tile = made.core_tile(*LEFT)
    given = np.arange(128, dtype=np.uint32) * 7 - 300
    tile.words[0x100:0x180] = given
    run(made, {LEFT: assembled(DOUBLE)})
    assert tile.core.wait() == waits.LockWait(tile.core, tile.locks[0], -1)
    assert not tile.words[0x200:0x280].any()
    made.write(tile_address(*LEFT, LOCK_VALUE), 1)
    settle(made)
    assert (tile.words[0x200:0x280] == given * 2).all()
    assert (tile.locks[0].value, tile.locks[1].value) == (0, 1)
    assert made.read(tile_address(*LEFT, CORE_STATUS)) == DONE


def test_windows_and_locks_are_those_of_south_west_north_and_own() -> None:
    stores = "\n".join(
        f"movxm p0, #{window << 16 | 0x1000}\nmovxm r0, #{window}\nst r0, [p0, #0]\n"
        f"rel #{16 * (window - 4) + 5}, r0"
        for window in range(4, 8)
    )
    made = run(array(), {(1, 3): assembled(f"{stores}\n@\ndone")})
    for place, value in {(1, 2): 4, (0, 3): 5, (1, 4): 6, (1, 3): 7}.items():
        assert made.tile(*place).words[0x400] == value
        assert made.tile(*place).locks[5].value == value


SENDER = """
    movxm r3, #20
    mova r0, #0
next:
    add r0, r0, #3
    mov ms, r0
    add r3, r3, #-1
    jnz r3, #next
    nop
    nop
    nop
    nop
    nop
    mov.tlast ms, r3
    done
"""
RECEIVER = """
    movxm p0, #0x70400
    mova r2, #1
next:
    mov r0, SS
    @
    mov r1, srSS0
    st r0, [p0], #4
    @
    and r1, r1, r2
    jz r1, #next
    nop
    nop
    nop
    nop
    nop
    done
"""


def test_streams_carry_words_and_tlast_between_cores() -> None:
    made = array()
    connect(made, LEFT, (Bundle.Core, 0), (Bundle.East, 0))
    connect(made, RIGHT, (Bundle.West, 0), (Bundle.Core, 0))
    run(made, {LEFT: assembled(SENDER), RIGHT: assembled(RECEIVER)})
    assert made.tile(*RIGHT).words[0x100:0x116].tolist() == [*range(3, 63, 3), 0, 0]
    assert made.read(tile_address(*RIGHT, CORE_STATUS)) == DONE


def test_a_core_feeds_a_dma() -> None:
    made = array()
    connect(made, LEFT, (Bundle.Core, 0), (Bundle.DMA, 0))
    describe(made, LEFT, 0, base_address=0x1000, buffer_length=21)
    start(made, LEFT, Direction.S2MM, 0, bd=0)
    run(made, {LEFT: assembled(SENDER)})
    assert made.tile(*LEFT).words[0x1000:0x1015].tolist() == [*range(3, 63, 3), 0]


def test_a_bundle_reads_one_stream_and_writes_another() -> None:
    """Both wait, the write first; a value that is read is not the one that is written."""
    made = array()
    connect(made, LEFT, (Bundle.Core, 0), (Bundle.East, 0))
    connect(made, RIGHT, (Bundle.West, 0), (Bundle.Core, 0))
    connect(made, RIGHT, (Bundle.Core, 0), (Bundle.West, 0))
    connect(made, LEFT, (Bundle.East, 0), (Bundle.Core, 0))
    swaps = (
        "movxm p0, #0x70400\nmovx r0, #{}\n@\nmov r1, SS; mov ms, r0\n@\nst r1, [p0, #0]\n@\ndone"
    )
    run(made, {place: assembled(swaps.format(n)) for n, place in ((5, LEFT), (7, RIGHT))})
    assert [made.tile(*place).words[0x100] for place in (LEFT, RIGHT)] == [7, 5]


POLLS = """
    movxm p0, #0x70400
    mova r3, #2
    mova r4, #0
again:
    mov.nb r0, SS
    @
    mov r1, srSS0
    and r2, r1, r3
    jz r2, #again
    add r4, r4, #1
    nop
    nop
    nop
    nop
    st r0, [p0], #4
    st r1, [p0], #4
    st r4, [p0], #4
    @
    done
"""


def test_a_core_that_does_not_wait_for_a_word_sees_whether_there_was_one() -> None:
    made = array()
    connect(made, LEFT, (Bundle.Core, 0), (Bundle.East, 0))
    connect(made, RIGHT, (Bundle.West, 0), (Bundle.Core, 0))
    late = "movx r0, #77\n" + "nop\n" * 60 + "mov.tlast ms, r0\ndone"
    run(made, {RIGHT: assembled(POLLS), LEFT: assembled(late)})
    word, status, polls = made.tile(*RIGHT).words[0x100:0x103].tolist()
    assert (word, status) == (77, 3)
    assert polls > 2


def test_a_write_that_does_not_wait_tells_whether_there_was_room() -> None:
    made = array()
    connect(made, LEFT, (Bundle.Core, 0), (Bundle.East, 0))
    connect(made, RIGHT, (Bundle.West, 0), (Bundle.Core, 0))
    put = "mov.nb ms, r0\n@\nmov r1, srMS0\nst r1, [p0], #4\nadd r0, r0, #1\n"
    text = f"movxm p0, #0x70400\nmova r0, #0\n{put * 16}@\ndone"
    run(made, {LEFT: assembled(text)})
    seen = made.tile(*LEFT).words[0x100:0x110].tolist()
    assert seen == [1] * sum(seen) + [0] * (16 - sum(seen))
    assert 4 <= sum(seen) < 16
    assert made.core_tile(*RIGHT).core.stream_in is not None


def test_headers_are_those_of_the_packets_that_dmas_and_controllers_send() -> None:
    text = """
        movx r0, #21
        movxm m1, #0x1F040
        movx r28, #1
        @
        mov.ph ms, r0, #5
        mov.cph ms, m1, #2, #1, r0
        mov.ph.tlast ms, r0, #2
        mov.cph ms, m1, #0, #2, r0, r28
        done
    """
    made = array()
    connect(made, LEFT, (Bundle.Core, 0), (Bundle.DMA, 0))
    describe(made, LEFT, 0, base_address=0x1000, buffer_length=4)
    start(made, LEFT, Direction.S2MM, 0, bd=0)
    run(made, {LEFT: assembled(text)})
    stream, control, short, last = made.tile(*LEFT).words[0x1000:0x1004].tolist()
    assert stream == packet_header(21, 5, LEFT)
    assert short == packet_header(21, 2, LEFT)
    for word, beats, operation in ((control, 2, 1), (last, 0, 2)):
        fields = {"stream_id": 21, "operation": operation, "beats": beats, "address": 0x1F040}
        assert word == with_odd_parity(CONTROL_HEADER.pack(fields)[0])


@pytest.mark.parametrize(("condition", "left"), [(1, (0, 1)), (0, (1, 0))])
def test_conditional_locks_ask_r26(condition: int, left: tuple[int, int]) -> None:
    made = array()
    made.write(tile_address(*LEFT, LOCK_VALUE), 1)
    text = f"""
        mova r1, #-1
        mova r2, #1
        mova r26, #{condition}
        @
        acq.cond #48, r1, r26
        rel.cond #49, r2, r26
        done
    """
    tile = run(made, {LEFT: assembled(text)}).tile(*LEFT)
    assert (tile.locks[0].value, tile.locks[1].value) == left


TILE = """
    movxm p0, #0x9f010
    movxm p1, #0x70400
    mova r1, #9
    @
    lda.tm r0, [p0]
    st.tm r1, [p0]
    @
    st r0, [p1, #0]
    @
    done
"""


def test_the_registers_of_the_own_tile_are_reached_once_the_bus_is_enabled() -> None:
    made = array()
    made.write(tile_address(*LEFT, LOCK_VALUE + 0x10), 42)
    assert "Core_Processor_Bus (0x32038) is not enabled" in fault_of(made, LEFT, assembled(TILE))
    made = array()
    made.write(tile_address(*LEFT, 0x32038), 1)
    made.write(tile_address(*LEFT, LOCK_VALUE + 0x10), 42)
    run(made, {LEFT: assembled(TILE)})
    assert made.tile(*LEFT).words[0x100] == 42
    assert made.tile(*LEFT).locks[1].value == 9


def test_the_cascade_carries_512_bits_to_the_next_core() -> None:
    sends = "movxm p0, #0x70400\nvlda wl0, [p0, #0]\nvlda wh0, [p0, #32]\n@\nvmov MCD, x0\ndone"
    takes = "movxm p0, #0x70400\nvmov x1, SCD\n@\nvst wl1, [p0, #0]\nvst wh1, [p0, #32]\n@\ndone"
    made = array()
    given = np.arange(16, dtype=np.uint32) * 1000 + 1
    made.tile(*ABOVE).words[0x100:0x110] = given
    run(made, {LEFT: assembled(takes)})
    core = made.core_tile(*LEFT).core
    assert isinstance(core.wait(), waits.CascadeWait)
    run(made, {ABOVE: assembled(sends)})
    assert (made.tile(*LEFT).words[0x100:0x110] == given).all()


def test_a_core_whose_cascade_is_disabled_sends_nothing() -> None:
    text = "mova r0, #0\nmov crMCDEn, r0\n@\nvmov MCD, x0\ndone"
    made = run(array(), {ABOVE: assembled(text)})
    assert made.core_tile(*ABOVE).core.done


def test_waits_are_counted_apart_from_bundles() -> None:
    made = array()
    connect(made, LEFT, (Bundle.Core, 0), (Bundle.East, 0))
    connect(made, RIGHT, (Bundle.West, 0), (Bundle.Core, 0))
    slow = "\n".join(["nop"] * 100) + "\nmov.tlast ms, r0\ndone"
    run(made, {RIGHT: assembled("mov r0, SS\n@\ndone"), LEFT: assembled(slow)})
    sender, receiver = (made.core_tile(*place).core for place in (LEFT, RIGHT))
    assert sender.counts.instructions == 101
    assert receiver.counts.instructions == 9
    assert receiver.counts.stream_wait >= 100
    assert receiver.clock >= 110


def test_what_is_on_its_way_lands_before_a_core_ends() -> None:
    text = "movxm p0, #0x70400\nmova r1, #7\nst r1, [p0], #4\nst r1, [p0, #0]; done"
    made = run(array(), {LEFT: assembled(text)})
    assert made.tile(*LEFT).words[0x100:0x102].tolist() == [7, 7]


def test_events_are_kept() -> None:
    core = run(array(), {LEFT: assembled("event #0\nnop\nevent #1\ndone")}).core_tile(*LEFT).core
    assert core.events == [(0, 0), (2, 1)]


def test_a_reset_starts_the_program_again() -> None:
    counts = "movxm p0, #0x70400\nlda r0, [p0, #0]\n@\nadd r0, r0, #1\nst r0, [p0, #0]\n@\ndone"
    made = run(array(), {LEFT: assembled(counts)})
    for value in (2, 0, 1):
        made.write(tile_address(*LEFT, CORE_CONTROL), value)
    settle(made)
    assert made.tile(*LEFT).words[0x100] == 2


def test_a_new_program_is_what_runs_after_a_reset() -> None:
    def stores(value: int) -> str:
        return f"movxm p0, #0x70400\nmova r0, #{value}\nst r0, [p0, #0]\n@\ndone"

    made = run(array(), {LEFT: assembled(stores(1))})
    made.write(tile_address(*LEFT, CORE_CONTROL), 2)
    run(made, {LEFT: assembled(stores(2))})
    assert made.tile(*LEFT).words[0x100] == 2


def test_a_program_that_is_overwritten_while_it_waits_is_a_fault() -> None:
    made = run(array(), {LEFT: assembled("mova r1, #-1\nacq #48, r1\ndone")})
    tile = made.core_tile(*LEFT)
    tile.write_block(0x20000, bytes(range(1, 65)))
    made.write(tile_address(*LEFT, LOCK_VALUE), 1)
    with pytest.raises(EmulatorError, match="while its program memory is written; reset"):
        settle(made)


def test_an_endless_loop_ends_at_the_deadline() -> None:
    made = array()
    made.set_deadline(50_000, settling=False)
    with pytest.raises(AssertionError):
        run(made, {LEFT: assembled("here:\nj #here\nnop\nnop\nnop\nnop\nnop")})
    core = made.core_tile(*LEFT).core
    assert made.timed_out
    assert 50_000 <= core.clock < 50_100
    assert core.registers()["pc"] < 0x10


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("nop\nmovxm p0, #0x30000\nlda r0, [p0, #4]\n@\ndone", "reads from 0x30004, where there"),
        ("nop\nmovxm p0, #0x10\nst r0, [p0, #0]\n@\ndone", "writes to 0x10, which is program"),
        ("nop\nmovxm p0, #0x80000\nlda r0, [p0, #0]\n@\ndone", "where the tile's registers lie"),
        (
            "movxm p0, #0x70000\nlda r0, [p0, #0]\nnop\nnop\nnop\nnop\nnop\nadd r0, r1, r2\ndone",
            "where two writes land in one register",
        ),
        ("j #0\nj #0\nnop\nnop\nnop\nnop\nnop", "is a branch in the delay slots"),
        ("mova r1, #1\nacq #3, r1\ndone", "uses lock 3, which it does not reach"),
        ("vmov MCD, x0\ndone", "writes the cascade to the south, where no core takes it"),
        ("j #0x3ff0\n@\n", "runs beyond its program memory"),
    ],
)
def test_what_a_program_may_not_do_is_told_with_its_address(program: str, told: str) -> None:
    message = fault_of(array(), LEFT, assembled(program))
    assert told in message
    assert "(pc 0x" in message


def test_a_fault_tells_the_address_of_its_bundle() -> None:
    program = "nop\nmovxm p0, #0x30000\nlda r0, [p0, #4]\n@\ndone"
    assert fault_of(array(), LEFT, assembled(program)).endswith("(pc 0x8)")


def test_a_core_of_npu2_doubles_a_buffer_between_two_locks() -> None:
    """The program that AIE2's does it with: half of it is text of both generations."""
    made = make_array("npu2_2col", core_isa=None)
    tile = made.core_tile(*LEFT)
    given = np.arange(128, dtype=np.uint32) * 7 - 300
    tile.words[0x100:0x180] = given
    run(made, {LEFT: assembled(DOUBLE, table.AIE2P)})
    assert tile.core.wait() == waits.LockWait(tile.core, tile.locks[0], -1)
    made.write(tile_address(*LEFT, LOCK_VALUE), 1)
    settle(made)
    assert (tile.words[0x200:0x280] == given * 2).all()
    assert (tile.locks[0].value, tile.locks[1].value) == (0, 1)


def test_bits_that_are_no_instruction_are_told_of() -> None:
    message = fault_of(array(), LEFT, ((0, b"\xff" * 16),))
    assert (
        "is no bundle: control went where there is no code; if the cores hold stand-in" in message
    )


@pytest.mark.parametrize(("size", "noted"), [(1024, False), (1056, True)])
def test_a_stack_that_reaches_over_a_buffer_is_noted(size: int, noted: bool) -> None:
    made = array()
    describe(made, LEFT, 3, base_address=0x100, buffer_length=64)
    run(
        made,
        {LEFT: assembled(f"movxm sp, #0x70000\npaddb [sp], #{size}\npaddb [sp], #-{size}\ndone")},
    )
    told = "the stack of core (0,2) reaches up to 0x70420, over the buffer at 0x70400 that desc"
    assert [hazard.startswith(told) for hazard in made.hazards] == [True] * noted


def test_program_memory_of_zeros_is_no_program() -> None:
    assert "holds zeros: that is no program" in fault_of(array(), LEFT, ((0, bytes(64)),))


@pytest.mark.parametrize(
    ("device", "isa", "told"),
    [
        ("npu2_2col", "aie2", 'holds "aie2" code; executed are "rv32" and, on this NPU, "aie2p"'),
        ("npu1_2col", "aie2p", 'holds "aie2p" code; executed are "rv32" and, on this NPU, "aie2"'),
        ("npu1_2col", "x86", 'holds "x86" code'),
    ],
)
def test_other_code_is_refused_by_name(device: str, isa: str | None, told: str) -> None:
    with pytest.raises(EmulatorError, match=told):
        run(make_array(device, core_isa=isa), {LEFT: assembled("done")})

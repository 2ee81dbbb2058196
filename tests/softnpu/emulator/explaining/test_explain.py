"""A run that does not complete says why, in the author's names where a build gives them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from softnpu.arch.dma import Direction
from softnpu.arch.ports import Bundle
from softnpu.compiler.driver import compile_design
from softnpu.emulator import waits
from softnpu.emulator.context import Context
from softnpu.emulator.explaining.explain import explain, wait_chain
from softnpu.emulator.explaining.report import Outcome, RunReport
from softnpu.emulator.explaining.wording import Step, Wording
from softnpu.emulator.naming import names
from softnpu.emulator.naming.names import Names
from softnpu.errors import FormatError
from softnpu.formats import txn
from softnpu.formats.operations import Write
from softnpu.formats.xclbin import parse
from tests.softnpu.emulator.programs import Cores
from tests.softnpu.emulator.wiring import connect, describe, make_array, settle, start

DESIGN = "passthrough_core"
TILE = (0, 2)
S2MM, MM2S = Direction.S2MM, Direction.MM2S
FORGETFUL = """
void program(void) {
  for (;;) { acquire(49, -1); acquire(50, -1); release(48, 1); }
}
"""
"""Never says that the output is full."""

GIVEN_NAMES = {
    "locks": [
        {"tile": [0, 2], "id": 1, "name": "in_cons_cons_lock_0"},
        {"tile": [0, 2], "id": 2, "name": "out_prod_lock_0", "objectfifo": "out"},
        {"tile": [0, 2], "id": 3, "name": "done"},
    ],
    "buffers": [{"tile": [0, 2], "address": 0x8000, "size": 1024, "name": "in_cons_buff_0"}],
    "channels": [
        {"tile": [0, 0], "direction": "MM2S", "channel": 0, "name": "in"},
        {"tile": [0, 0], "direction": "S2MM", "channel": 0, "name": "out"},
    ],
    "cores": [{"tile": [0, 2], "elf": "core.elf"}],
    "arguments": [{"index": 0, "name": "a"}],
}


def run(context: Context, insts: bytes) -> RunReport:
    data = [context.allocate(4096, "in"), context.allocate(4096, "out")]
    data[0].words[:] = np.arange(1024)
    return context.run(insts, data)


def hang(cores: Cores, source: str, *without: int) -> RunReport:
    """Runs `source` on the golden passthrough, without the writes to some registers."""
    context = cores.context(DESIGN, {TILE: cores.program(DESIGN, TILE, source)})
    stream = txn.parse(cores.insts(DESIGN).read_bytes())
    kept = tuple(
        o for o in stream.operations if not (isinstance(o, Write) and o.address in without)
    )
    shape = (stream.devgen, stream.rows, stream.columns, stream.memory_rows)
    report = run(context, txn.build(txn.Txn(*shape, kept)))
    assert report.outcome is Outcome.HANG
    return report


def test_the_chain_leads_from_the_controller_to_the_core_that_forgot(cores: Cores) -> None:
    lines = explain(hang(cores, FORGETFUL)).splitlines()
    assert lines[0] == (
        "a hang: core (0,2) has never released lock 3 of tile (0,2), which tile (0,2) MM2S 0"
        " waits for"
    )
    assert "controller waits for the task-complete token of tile (0,0) S2MM 0" in lines[1]
    assert "tile (0,0) S2MM 0 waits for data (0 of 1024 words of descriptor 0)" in lines[2]
    assert "tile (0,2) MM2S 0 is where its stream comes from" in lines[3]
    assert "waits for lock 3 of tile (0,2) ≥ 1 (now 0)" in lines[3]
    assert "core (0,2) could release it, but never has; it waits at pc 0x" in lines[4]
    assert "for lock 2 of tile (0,2) ≥ 1 (now 0)" in lines[4]
    assert "the waits go round in a circle" in lines[5]


def test_a_transfer_that_is_never_started_is_the_end_of_the_chain(cores: Cores) -> None:
    source = FORGETFUL.replace("release(48, 1);", "release(48, 1); release(51, 1);")
    last = explain(hang(cores, source, 0x1D214)).splitlines()[-1]
    assert last.strip() == (
        "tile (0,0) MM2S 0 is where its stream comes from; "
        "it was never given a task: nothing starts a transfer there"
    )


def test_an_output_that_is_never_fetched_is_told(cores: Cores) -> None:
    """Without the S2MM task no token can come."""
    source = FORGETFUL.replace("release(48, 1);", "release(48, 1); release(51, 1);")
    text = explain(hang(cores, source, 0x1D204))
    assert "tile (0,0) S2MM 0 was never given a task" in text


def test_a_core_that_has_ended_is_told(cores: Cores) -> None:
    text = explain(hang(cores, "void program(void) { acquire(49, -1); }"))
    assert text.startswith("a hang: core (0,2) has ended its program, and others wait for it\n")
    ended = "it has ended its program, which no later run begins again: let it loop"
    assert text.endswith(f"core (0,2) could release it, but never has; {ended}")


def test_the_chain_is_data_too(cores: Cores) -> None:
    report = hang(cores, FORGETFUL)
    assert report.wait is not None
    steps = [step.wait for _, step in wait_chain(report.array, report.wait).walk()]
    assert [type(wait) for wait in steps] == [
        waits.TokenWait,
        waits.DataWait,
        waits.LockWait,
        waits.LockWait,
        waits.LockWait,
    ]
    assert isinstance(steps[3], waits.LockWait)
    assert (steps[3].lock.index, steps[3].value) == (2, -1)


def test_names_from_the_build_take_the_places_of_numbers(cores: Cores, tmp_path: Path) -> None:
    (tmp_path / "names.json").write_text(json.dumps(GIVEN_NAMES))
    known = names.beside(tmp_path / "final.xclbin")
    text = explain(hang(cores, FORGETFUL), known)
    assert "tile (0,0) S2MM 0 [out] waits for data" in text
    assert "lock done (lock 3 of tile (0,2))" in text
    assert "lock out_prod_lock_0 (lock 2 of tile (0,2), objectfifo out)" in text
    source = FORGETFUL.replace("release(48, 1);", "release(48, 1); release(51, 1);")
    text = explain(hang(cores, source, 0x1D214), known)
    assert "lock in_cons_cons_lock_0 (lock 1 of tile (0,2), objectfifo in)" in text
    assert "(0 of 256 words of descriptor 0, buffer in_cons_buff_0)" in text
    assert "tile (0,0) MM2S 0 [in] is where its stream comes from" in text


def test_source_lines_come_from_the_programs_elf(
    cores: Cores, compile_elf: Path, tmp_path: Path
) -> None:
    (tmp_path / "core.elf").write_bytes(compile_elf.read_bytes())
    (tmp_path / "names.json").write_text(json.dumps(GIVEN_NAMES))
    known = names.beside(tmp_path / "final.xclbin")
    text = explain(hang(cores, FORGETFUL), known)
    assert "core (0,2) could release it, but never has; it waits in program (core.c:" in text


@pytest.fixture
def compile_elf(cores: Cores, tmp_path: Path) -> Path:
    """The ELF of FORGETFUL with its debug information."""
    return cores.elf(DESIGN, TILE, FORGETFUL, tmp_path)


def test_a_compiled_design_hangs_in_the_authors_names(tmp_path: Path) -> None:
    (tmp_path / "design.mlir").write_text(NOTHING_SENT)
    compile_design(tmp_path / "design.mlir", tmp_path)
    artifact = tmp_path / "final.xclbin"
    context = Context(parse(artifact.read_bytes()))
    report = context.run((tmp_path / "insts.bin").read_bytes(), [None, context.allocate(64)])
    text = explain(report, names.beside(artifact))
    assert f"it waits in core_0_2 (design.mlir:{line_of('acquire @input', NOTHING_SENT)})" in text
    assert "for lock input_cons_cons_lock_0 (lock 3 of tile (0,2), objectfifo input)" in text
    assert "tile (0,0) MM2S 0 [input] is where its stream comes from; it was never" in text


def line_of(words: str, text: str) -> int:
    """The number of the line that has these words."""
    (number,) = (n for n, line in enumerate(text.splitlines(), start=1) if words in line)
    return number


NOTHING_SENT = """
aie.device(npu1_1col) {
  %shim = aie.tile(0, 0)
  %tile = aie.tile(0, 2)
  aie.objectfifo @input(%shim, {%tile}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
  aie.objectfifo @result(%tile, {%shim}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
  %core = aie.core(%tile) {
    %x = aie.objectfifo.acquire @input(Consume, 1) : !aie.objectfifosubview<memref<16xi32>>
    %y = aie.objectfifo.acquire @result(Produce, 1) : !aie.objectfifosubview<memref<16xi32>>
    aie.objectfifo.release @input(Consume, 1)
    aie.objectfifo.release @result(Produce, 1)
    aie.end
  }
  aie.runtime_sequence(%a: memref<16xi32>, %b: memref<16xi32>) {
    aiex.npu.dma_memcpy_nd(%b[0, 0, 0, 0][1, 1, 1, 16][0, 0, 0, 1])
      {id = 0 : i64, metadata = @result, issue_token = true} : memref<16xi32>
    aiex.npu.dma_wait {symbol = @result}
  }
}
"""


def test_a_fault_is_told_in_the_authors_names(tmp_path: Path) -> None:
    (tmp_path / "design.mlir").write_text(TOO_MUCH)
    compile_design(tmp_path / "design.mlir", tmp_path)
    artifact = tmp_path / "final.xclbin"
    report = Context(parse(artifact.read_bytes())).run((tmp_path / "insts.bin").read_bytes(), [])
    assert report.outcome is Outcome.FAULT
    text = explain(report, names.beside(artifact))
    assert "core (0,2) releases lock credit (lock 3 of tile (0,2)) by 5: its value" in text
    assert f"in core_0_2 (design.mlir:{line_of('Release, 5', TOO_MUCH)})" in text


def test_a_wait_in_an_unrolled_loop_is_told_by_the_acquire_in_the_design(tmp_path: Path) -> None:
    """Ping and pong are two lines of C and one of the design; the second object never comes."""
    text = explain_run(ONE_OF_TWO, tmp_path, 64)
    assert f"it waits in core_0_2 (design.mlir:{line_of('acquire @input', ONE_OF_TWO)})" in text
    assert "(0 of 16 words of descriptor 2, buffer input_cons_buff_1)" in text


def test_a_store_outside_of_memory_is_told_by_its_line_in_the_design(tmp_path: Path) -> None:
    text = explain_run(FAR_AWAY, tmp_path)
    assert f"in core_0_2 (design.mlir:{line_of('memref.store', FAR_AWAY)})" in text
    assert "core (0,2) writes to" in text


def explain_run(design: str, folder: Path, *sizes: int) -> str:
    """Compiles a design and runs it on buffers of so many bytes; what is told of it."""
    (folder / "design.mlir").write_text(design)
    compile_design(folder / "design.mlir", folder)
    artifact = folder / "final.xclbin"
    context = Context(parse(artifact.read_bytes()))
    buffers = [context.allocate(size) for size in sizes]
    report = context.run((folder / "insts.bin").read_bytes(), buffers)
    return explain(report, names.beside(artifact))


ONE_OF_TWO = """
aie.device(npu1_1col) {
  %shim = aie.tile(0, 0)
  %tile = aie.tile(0, 2)
  %done = aie.lock(%tile, 7) {init = 0 : i32, sym_name = "done"}
  aie.objectfifo @input(%shim, {%tile}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
  %core = aie.core(%tile) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    scf.for %i = %c0 to %c8 step %c1 {
      %x = aie.objectfifo.acquire @input(Consume, 1) : !aie.objectfifosubview<memref<16xi32>>
      aie.objectfifo.release @input(Consume, 1)
    }
    aie.use_lock(%done, Release, 1)
    aie.end
  }
  aie.flow(%tile, DMA : 0, %shim, DMA : 0)
  aie.shim_dma_allocation @out(%shim, S2MM, 0)
  %buffer = aie.buffer(%tile) {sym_name = "last"} : memref<16xi32>
  %mem = aie.mem(%tile) {
    %0 = aie.dma_start(MM2S, 0, ^send, ^end)
  ^send:
    aie.use_lock(%done, AcquireGreaterEqual, 1)
    aie.dma_bd(%buffer : memref<16xi32>, 0, 16)
    aie.use_lock(%done, Release, 0)
    aie.next_bd ^sent
  ^sent:
    aie.end
  ^end:
    aie.end
  }
  aie.runtime_sequence(%a: memref<16xi32>) {
    aiex.npu.dma_memcpy_nd(%a[0, 0, 0, 0][1, 1, 1, 16][0, 0, 0, 1])
      {id = 0 : i64, metadata = @input} : memref<16xi32>
    aiex.npu.dma_memcpy_nd(%a[0, 0, 0, 0][1, 1, 1, 16][0, 0, 0, 1])
      {id = 1 : i64, metadata = @out, issue_token = true} : memref<16xi32>
    aiex.npu.dma_wait {symbol = @out}
  }
}
"""

FAR_AWAY = """
aie.device(npu1_1col) {
  %tile = aie.tile(0, 2)
  %data = aie.buffer(%tile) {sym_name = "data"} : memref<16xi32>
  %core = aie.core(%tile) {
    %far = arith.constant 400000 : index
    %c0 = arith.constant 0 : index
    %x = memref.load %data[%c0] : memref<16xi32>
    memref.store %x, %data[%far] : memref<16xi32>
    aie.end
  }
  aie.runtime_sequence(%a: memref<16xi32>) {
    aiex.npu.maskwrite32 {address = 0x1D000 : ui32, mask = 0 : ui32, value = 0 : ui32}
  }
}
"""


def test_names_stand_in_what_speaks_of_numbers(tmp_path: Path) -> None:
    (tmp_path / "names.json").write_text(json.dumps(GIVEN_NAMES))
    wording = Wording(names.beside(tmp_path / "final.xclbin"))
    told = wording.named("gives tile (0,0) MM2S 0 a task for lock 3 of tile (0,2), not lock 4")
    assert told == (
        "gives tile (0,0) MM2S 0 [in] a task for lock done (lock 3 of tile (0,2)), not lock 4"
    )


TOO_MUCH = """
aie.device(npu1_1col) {
  %tile = aie.tile(0, 2)
  %credit = aie.lock(%tile, 3) {init = 60 : i32, sym_name = "credit"}
  %core = aie.core(%tile) {
    aie.use_lock(%credit, Release, 5)
    aie.end
  }
  aie.runtime_sequence(%a: memref<16xi32>) {
    aiex.npu.maskwrite32 {address = 0x1D000 : ui32, mask = 0 : ui32, value = 0 : ui32}
  }
}
"""


def test_no_names_file_means_no_names(tmp_path: Path) -> None:
    assert names.beside(tmp_path / "final.xclbin") == Names()


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"[]", b'{"locks": [{}]}', b'{"cores": [{"tile": 3}]}', b"\0", b"[" * 100_000),
        *(b'{"locks": [{"tile": [], "id": 1}]}', b"\xff" * 100_000),
    ],
)
def test_a_damaged_names_file_is_a_format_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "names.json").write_bytes(data)
    with pytest.raises(FormatError, match=r"names\.json: not a names file") as refused:
        names.beside(tmp_path / "final.xclbin")
    assert len(str(refused.value)) < 1000, "it does not show the whole file"


@pytest.mark.parametrize(
    ("lock", "fifo"),
    [
        ("in_cons_prod_lock_0", "in"),
        ("out_prod_lock_0", "out"),
        ("shared_1_cons_cons_lock_0", "shared"),
        ("a_fifo_cons_lock", "a_fifo"),
        ("gate", ""),
    ],
)
def test_a_locks_name_tells_its_objectfifo(lock: str, fifo: str) -> None:
    assert names.objectfifo_of(lock) == fifo


def test_a_transfer_that_the_sequence_starts_too_late_is_told_as_that(tmp_path: Path) -> None:
    """The wait for the result stands before the input."""
    late = NOTHING_SENT.replace(
        "dma_wait {symbol = @result}\n", "dma_wait {symbol = @result}\n" + SEND
    )
    text = explain_run(late, tmp_path, 64, 64)
    assert text.startswith("a hang: the runtime sequence starts input only after what waits for it")
    assert text.splitlines()[-1].strip() == (
        "tile (0,0) MM2S 0 [input] is where its stream comes from; it was never given a task; the"
        " runtime sequence gives it one only after what it waits for"
    )


SEND = """
    aiex.npu.dma_memcpy_nd(%a[0, 0, 0, 0][1, 1, 1, 16][0, 0, 0, 1])
      {id = 1 : i64, metadata = @input} : memref<16xi32>
"""


def test_a_lock_that_the_sequence_sets_too_late_is_told_as_that(tmp_path: Path) -> None:
    text = explain_run(LATE_LOCK, tmp_path, 64, 64)
    assert (
        "for lock go (lock 3 of tile (0,2)) ≥ 1 (now 0); the runtime sequence sets it only" in text
    )
    never = LATE_LOCK.replace("aiex.set_lock(%go, 1)", "")
    text = explain_run(never, tmp_path, 64, 64)
    assert "for lock go (lock 3 of tile (0,2)) ≥ 1 (now 0); nobody else is set up to" in text


LATE_LOCK = """
aie.device(npu1_1col) {
  %shim = aie.tile(0, 0)
  %tile = aie.tile(0, 2)
  %go = aie.lock(%tile, 3) {init = 0 : i32, sym_name = "go"}
  aie.objectfifo @result(%tile, {%shim}, 2 : i32) : !aie.objectfifo<memref<16xi32>>
  %core = aie.core(%tile) {
    aie.use_lock(%go, AcquireGreaterEqual, 1)
    %y = aie.objectfifo.acquire @result(Produce, 1) : !aie.objectfifosubview<memref<16xi32>>
    aie.objectfifo.release @result(Produce, 1)
    aie.end
  }
  aie.runtime_sequence(%a: memref<16xi32>, %b: memref<16xi32>) {
    aiex.npu.dma_memcpy_nd(%b[0, 0, 0, 0][1, 1, 1, 16][0, 0, 0, 1])
      {id = 0 : i64, metadata = @result, issue_token = true} : memref<16xi32>
    aiex.npu.dma_wait {symbol = @result}
    aiex.set_lock(%go, 1)
  }
}
"""


def test_two_that_wait_for_the_same_are_no_circle() -> None:
    """A stream goes to two channels, either of which could release the lock."""
    array = make_array()
    connect(array, TILE, (Bundle.DMA, 0), (Bundle.DMA, 0), (Bundle.DMA, 1))
    for number in (0, 1):
        describe(
            array,
            TILE,
            number,
            base_address=0x100,
            buffer_length=4,
            lock_rel_id=5,
            lock_rel_value=1,
        )
        start(array, TILE, S2MM, number, bd=number)
    describe(
        array,
        TILE,
        2,
        base_address=0x100,
        buffer_length=4,
        lock_acq_enable=1,
        lock_acq_id=5,
        lock_acq_value=-1,
    )
    start(array, TILE, MM2S, 1, bd=2)
    settle(array)
    first = array.tile(*TILE).dma.channels[MM2S, 1].wait()
    assert first is not None
    lines = [Wording(Names()).step(step) for _, step in wait_chain(array, first).walk()]
    assert "it was never given a task: nothing starts a transfer there" in lines[2]
    assert lines[4] == (
        "tile (0,2) MM2S 0 is where its stream comes from; it was never given a task (see above)"
    )


def test_tasks_that_a_reset_took_are_not_counted_as_done() -> None:
    array = make_array()
    describe(array, TILE, 0, base_address=0x100, buffer_length=4)
    channel = array.tile(*TILE).dma.channels[S2MM, 0]
    start(array, TILE, S2MM, 0, bd=0)
    settle(array)
    channel.reset()
    told = Wording(Names()).step(Step(waits.NoTask(channel)))
    assert (
        "has done 0 tasks that it was given, 0 of them with a token; a reset took the other 1"
        in told
    )

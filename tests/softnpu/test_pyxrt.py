"""softnpu.pyxrt behaves as XRT's pyxrt does on an NPU, above all where that hurts."""

from __future__ import annotations

import gc
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from softnpu import pyxrt
from softnpu.formats import txn
from softnpu.formats.operations import BlockWrite, Sync, Write
from softnpu.formats.xclbin import SectionKind, container

TO_DEVICE = pyxrt.xclBOSyncDirection.XCL_BO_SYNC_BO_TO_DEVICE
FROM_DEVICE = pyxrt.xclBOSyncDirection.XCL_BO_SYNC_BO_FROM_DEVICE
State = pyxrt.ert_cmd_state
COMPLETED, ERROR, TIMEOUT = (
    State.ERT_CMD_STATE_COMPLETED,
    State.ERT_CMD_STATE_ERROR,
    State.ERT_CMD_STATE_TIMEOUT,
)
WORDS = 2048
SIZE = 4 * WORDS
IN, OUT = 3, 4
DATA = np.arange(WORDS, dtype=np.int32) * 3 + 1


@dataclass
class Host:
    """A host program for the golden passthrough through the memory tile."""

    folder: Path
    device: pyxrt.device
    context: pyxrt.hw_context
    kernel: pyxrt.kernel

    @property
    def insts(self) -> bytes:
        return (self.folder / "insts.bin").read_bytes()

    def instructions(self, data: bytes | None = None) -> pyxrt.bo:
        data = self.insts if data is None else data
        buffer = pyxrt.bo(self.device, len(data), pyxrt.bo.cacheable, self.kernel.group_id(1))
        buffer.write(data, 0)
        buffer.sync(TO_DEVICE)
        return buffer

    def buffer(self, argument: int, values: np.ndarray | None = None, size: int = SIZE) -> pyxrt.bo:
        group = self.kernel.group_id(argument)
        buffer = pyxrt.bo(self.device, size, pyxrt.bo.host_only, group)
        if values is not None:
            buffer.write(values, 0)
            buffer.sync(TO_DEVICE)
        return buffer

    def out(self, buffer: pyxrt.bo) -> np.ndarray:
        buffer.sync(FROM_DEVICE)
        return np.frombuffer(buffer.map(), np.int32)


@pytest.fixture
def host(golden: Path) -> Iterator[Host]:
    folder = golden / "passthrough_memtile"
    device = pyxrt.device(0)
    image = pyxrt.xclbin(str(folder / "final.xclbin"))
    device.register_xclbin(image)
    context = pyxrt.hw_context(device, image.get_uuid())
    yield Host(folder, device, context, pyxrt.kernel(context, "MLIR_AIE"))
    gc.collect()


def test_the_usual_host_program_works(host: Host) -> None:
    source, out = host.buffer(IN, DATA), host.buffer(OUT)
    run = host.kernel(3, host.instructions(), len(host.insts), source, out)
    assert run.wait(1000) == COMPLETED
    assert (host.out(out) == DATA).all()
    assert (out.read(SIZE, 0).view(np.int32) == DATA).all()
    assert run.explanation() == ""


def test_a_run_can_be_set_up_argument_by_argument_and_started_again(host: Host) -> None:
    source, out = host.buffer(IN, DATA), host.buffer(OUT)
    run = pyxrt.run(host.kernel)
    for index, value in enumerate([3, host.instructions(), len(host.insts), source, out]):
        run.set_arg(index, value)
    for factor in (1, 2, 3):
        source.write(DATA * factor, 0)
        source.sync(TO_DEVICE)
        run.start()
        run.wait2()
        assert (host.out(out) == DATA * factor).all()


def test_an_input_that_is_not_synced_is_stale(host: Host) -> None:
    source, out = host.buffer(IN, DATA), host.buffer(OUT)
    source.write(DATA * 2, 0)
    assert host.kernel(3, host.instructions(), 0, source, out).wait() == COMPLETED
    assert (host.out(out) == DATA).all(), "the device has not seen the second write"


def test_an_output_that_is_not_synced_is_stale(host: Host) -> None:
    source, out = host.buffer(IN, DATA), host.buffer(OUT)
    assert host.kernel(3, host.instructions(), 0, source, out).wait() == COMPLETED
    assert not np.frombuffer(out.map(), np.int32).any()


def test_an_output_read_without_waiting_is_not_there_yet(host: Host) -> None:
    source, out = host.buffer(IN, DATA), host.buffer(OUT)
    run = host.kernel(3, host.instructions(), 0, source, out)
    assert not host.out(out).any()
    run.wait()
    assert (host.out(out) == DATA).all()


def test_waiting_for_a_later_run_executes_the_earlier_ones_first(host: Host) -> None:
    source, middle, out = host.buffer(IN, DATA), host.buffer(OUT), host.buffer(OUT)
    instructions = host.instructions()
    first = host.kernel(3, instructions, 0, source, middle)
    second = host.kernel(3, instructions, 0, middle, out)
    assert second.wait() == COMPLETED
    assert (host.out(out) == DATA).all()
    assert first.state() == COMPLETED


def test_a_buffer_in_a_scalar_position_gives_xrts_warnings(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    source, out = host.buffer(IN, DATA), host.buffer(OUT)
    run = host.kernel(host.instructions(), len(host.insts), source, out)
    assert (
        "Kernel MLIR_AIE has no compute units with connectivity required for global argument at "
        "index 0. The argument is allocated in bank 1, the compute unit is connected to bank "
        "131071." in caplog.text
    )
    assert "Reverting to host copy of buffers (exec_buf: Operation not supported)" in caplog.text
    assert run.wait() == ERROR
    assert "argument 0 must be the opcode 3" in run.explanation()
    assert "MLIR_AIE(opcode: uint64_t, instr: char *, ninstr: uint32_t" in run.explanation()


def test_a_wrong_group_completes_and_leaves_the_buffer_untouched(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    source = host.buffer(IN, DATA)
    out = pyxrt.bo(host.device, SIZE, pyxrt.bo.host_only, host.kernel.group_id(1))
    assert host.kernel(3, host.instructions(), 0, source, out).wait() == COMPLETED
    assert "index 4" in caplog.text
    assert not host.out(out).any()


def test_no_instructions_are_an_error(host: Host) -> None:
    run = host.kernel(3, 0, 0, host.buffer(IN), host.buffer(OUT))
    assert run.wait() == ERROR
    assert "argument 1 must be the instruction buffer" in run.explanation()


def test_instructions_that_were_never_synced_are_an_error(host: Host) -> None:
    instructions = pyxrt.bo(
        host.device, len(host.insts), pyxrt.bo.cacheable, host.kernel.group_id(1)
    )
    instructions.write(host.insts, 0)
    run = host.kernel(3, instructions, 0, host.buffer(IN), host.buffer(OUT))
    assert run.wait() == ERROR


def test_an_unknown_opcode_is_an_error(host: Host) -> None:
    run = host.kernel(7, host.instructions(), 0, host.buffer(IN), host.buffer(OUT))
    assert run.wait() == ERROR


def test_an_argument_that_cannot_be_cast_is_silently_left_out(host: Host) -> None:
    run = host.kernel(3, host.instructions(), 0, host.buffer(IN), "out")
    assert run.wait() == ERROR
    assert "buffer argument 1" in run.explanation()


def without(insts: bytes, *addresses: int) -> bytes:
    """An instruction stream without the writes to some registers."""
    stream = txn.parse(insts)
    kept = [o for o in stream.operations if not (isinstance(o, Write) and o.address in addresses)]
    return txn.build(
        txn.Txn(stream.devgen, stream.rows, stream.columns, stream.memory_rows, tuple(kept))
    )


def test_a_hang_is_a_timeout_with_the_chain_of_waits(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    insts = without(host.insts, 0x1D214)
    run = host.kernel(3, host.instructions(insts), 0, host.buffer(IN), host.buffer(OUT))
    assert run.wait(1000) == TIMEOUT
    last = run.explanation().splitlines()[-1]
    assert "tile (0,0) MM2S 0" in last
    assert "was never given a task: nothing starts a transfer there" in last
    assert last in caplog.text


def test_after_a_hang_the_context_works_again(host: Host) -> None:
    insts = without(host.insts, 0x1D214)
    run = host.kernel(3, host.instructions(insts), 0, host.buffer(IN), host.buffer(OUT))
    assert run.wait(1000) == TIMEOUT
    source, out = host.buffer(IN, DATA), host.buffer(OUT)
    assert host.kernel(3, host.instructions(), 0, source, out).wait() == COMPLETED
    assert (host.out(out) == DATA).all()


def test_wait2_raises_when_a_run_does_not_complete(host: Host) -> None:
    insts = without(host.insts, 0x1D214)
    run = host.kernel(3, host.instructions(insts), 0, host.buffer(IN), host.buffer(OUT))
    with pytest.raises(RuntimeError, match=r"Command failed to complete successfully \(TIMEOUT\)"):
        run.wait2()


def test_a_transfer_outside_a_buffer_names_argument_extent_and_size(host: Host) -> None:
    source, out = host.buffer(IN, DATA), host.buffer(OUT, size=100)
    run = host.kernel(3, host.instructions(), 0, source, out)
    assert run.wait() == ERROR
    assert "writes bytes 0 to 8192 of argument 4 (bo1), which has 100 bytes" in run.explanation()


def test_buffers_go_by_the_names_beside_the_xclbin(golden: Path, tmp_path: Path) -> None:
    image = tmp_path / "final.xclbin"
    image.write_bytes((golden / "passthrough_memtile" / "final.xclbin").read_bytes())
    (tmp_path / "names.json").write_text('{"arguments": [{"index": 1, "name": "louder"}]}')
    device, named = pyxrt.device(0), pyxrt.xclbin(str(image))
    device.register_xclbin(named)
    context = pyxrt.hw_context(device, named.get_uuid())
    kernel = pyxrt.kernel(context, "MLIR_AIE")
    host = Host(golden / "passthrough_memtile", device, context, kernel)
    run = kernel(3, host.instructions(), 0, host.buffer(IN, DATA), host.buffer(OUT))
    run.wait()
    assert [name for name, *_ in run.report().arguments] == [
        "argument 3 (bo0)",
        "argument 4 (louder)",
    ]


def test_the_report_tells_what_moved(host: Host) -> None:
    source, out = host.buffer(IN, DATA), host.buffer(OUT)
    run = host.kernel(3, host.instructions(), 0, source, out)
    run.wait()
    report = run.report()
    assert report is not None
    assert report.statistics.channels["tile (0,0) MM2S 0"].bytes == SIZE
    assert report.arguments == (
        ("argument 3 (bo0)", SIZE, SIZE, 0),
        ("argument 4 (bo1)", SIZE, 0, SIZE),
    )
    assert report.cycles >= WORDS


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (pyxrt.bo.device_only, "Bad BO flags (err=95)"),
        (pyxrt.bo.p2p, "Bad BO flags (err=95)"),
        (pyxrt.bo.svm, "Bad BO flags (err=95)"),
        (pyxrt.bo.normal, "unsupported buffer type: none flag (err=95)"),
    ],
)
def test_flags_that_npus_lack_give_err_95(host: Host, flags: Any, message: str) -> None:
    with pytest.raises(RuntimeError, match=re.escape(message)):
        pyxrt.bo(host.device, SIZE, flags, host.kernel.group_id(IN))


def test_flags_that_are_no_flags_are_a_type_error(host: Host) -> None:
    with pytest.raises(TypeError, match="incompatible constructor arguments"):
        pyxrt.bo(host.device, SIZE, 0, host.kernel.group_id(IN))


def test_group_ids_are_bank_and_slot_and_131071_for_scalars(host: Host) -> None:
    assert host.kernel.group_id(0) == host.kernel.group_id(2) == 131071
    assert host.kernel.group_id(1) >> 16 == 1
    assert host.kernel.group_id(1) != host.kernel.group_id(IN)


def test_load_xclbin_does_not_work_on_npus(host: Host) -> None:
    with (
        pytest.warns(DeprecationWarning),
        pytest.raises(RuntimeError, match="load_axlf: Operation not supported"),
    ):
        host.device.load_xclbin(str(host.folder / "final.xclbin"))


def test_a_seventh_context_fails_until_one_is_gone(host: Host) -> None:
    uuid = host.context.get_xclbin_uuid()
    more = [pyxrt.hw_context(host.device, uuid) for _ in range(5)]
    with pytest.raises(RuntimeError, match=r"CREATE_HWCTX IOCTL failed \(err=-2\)"):
        pyxrt.hw_context(host.device, uuid)
    more.pop()
    gc.collect()
    pyxrt.hw_context(host.device, uuid)


def test_a_context_needs_a_registered_xclbin(host: Host) -> None:
    with pytest.raises(RuntimeError, match="No xclbin registered"):
        pyxrt.hw_context(host.device, pyxrt.uuid("00"))


def test_a_kernel_that_is_not_there(host: Host) -> None:
    with pytest.raises(RuntimeError, match="No such kernel 'X'"):
        pyxrt.kernel(host.context, "X")


def test_a_missing_or_damaged_xclbin_is_a_runtime_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="not found"):
        pyxrt.xclbin(str(tmp_path / "none.xclbin"))
    (tmp_path / "bad.xclbin").write_bytes(b"not an xclbin")
    with pytest.raises(RuntimeError, match=r"bad\.xclbin"):
        pyxrt.xclbin(str(tmp_path / "bad.xclbin"))


def without_section(path: Path, kind: SectionKind, to: Path) -> str:
    """A copy of an xclbin without one of its sections."""
    parsed = container.parse(path.read_bytes())
    kept = tuple(section for section in parsed.sections if section.kind != kind)
    to.write_bytes(container.build(replace(parsed, sections=kept)))
    return str(to)


def test_an_xclbin_without_kernels_says_which_section_is_missing(
    host: Host, tmp_path: Path
) -> None:
    path = without_section(
        host.folder / "final.xclbin", SectionKind.EMBEDDED_METADATA, tmp_path / "x.xclbin"
    )
    context = pyxrt.hw_context(host.device, path)
    with pytest.raises(RuntimeError, match=r"No valid DPU kernel found in xclbin \(err=22\)") as e:
        pyxrt.kernel(context, "MLIR_AIE")
    assert "no EMBEDDED_METADATA section" in str(e.value)


def test_an_xclbin_without_a_partition_is_an_error_when_it_runs(host: Host, tmp_path: Path) -> None:
    path = without_section(
        host.folder / "final.xclbin", SectionKind.AIE_PARTITION, tmp_path / "x.xclbin"
    )
    kernel = pyxrt.kernel(pyxrt.hw_context(host.device, path), "MLIR_AIE")
    run = kernel(3, host.instructions(), 0, host.buffer(IN), host.buffer(OUT))
    assert run.wait() == ERROR
    assert "AIE_PARTITION" in run.explanation()


def test_buffers_have_ends(host: Host) -> None:
    buffer = host.buffer(IN)
    with pytest.raises(RuntimeError, match="attempting to write past buffer size"):
        buffer.write(DATA, 4)
    with pytest.raises(RuntimeError, match="attempting to read past buffer size"):
        buffer.read(SIZE, 4)
    with pytest.raises(RuntimeError, match="Invalid offset and size"):
        buffer.sync(TO_DEVICE, SIZE, 4)


def test_part_of_a_buffer_can_be_synced(host: Host) -> None:
    source, out = host.buffer(IN, DATA), host.buffer(OUT)
    source.write(DATA * 2, 0)
    source.sync(TO_DEVICE, SIZE // 2, SIZE // 2)
    host.kernel(3, host.instructions(), 0, source, out).wait()
    half = WORDS // 2
    assert (host.out(out) == np.concatenate([DATA[:half], 2 * DATA[half:]])).all()


def test_a_sub_buffer_is_a_part_of_its_parent(host: Host) -> None:
    whole = host.buffer(IN, np.concatenate([DATA, DATA * 5]), size=2 * SIZE)
    out = host.buffer(OUT)
    part = pyxrt.bo(whole, SIZE, SIZE)
    assert host.kernel(3, host.instructions(), 0, part, out).wait() == COMPLETED
    assert (host.out(out) == DATA * 5).all()


def test_the_mapped_view_writes_to_the_host_copy(host: Host) -> None:
    source, out = host.buffer(IN), host.buffer(OUT)
    np.frombuffer(source.map(), np.int32)[:] = DATA
    source.sync(TO_DEVICE)
    host.kernel(3, host.instructions(), 0, source, out).wait()
    assert (host.out(out) == DATA).all()


def test_a_runlist_executes_its_runs_in_order(host: Host) -> None:
    source, middle, out = host.buffer(IN, DATA), host.buffer(OUT), host.buffer(OUT)
    instructions = host.instructions()
    runs = pyxrt.runlist(host.context)
    for pair in ((source, middle), (middle, out)):
        run = pyxrt.run(host.kernel)
        for index, value in enumerate([3, instructions, 0, *pair]):
            run.set_arg(index, value)
        runs.add(run)
    with pytest.raises(RuntimeError, match="belongs to a runlist"):
        run.start()
    runs.execute()
    runs.wait()
    assert (host.out(out) == DATA).all()


def test_a_callback_is_called_when_the_run_has_ended(host: Host) -> None:
    seen = []
    run = pyxrt.run(host.kernel)
    run.add_callback(COMPLETED, lambda _run, state, data: seen.append((state, data)), "mine")
    for index, value in enumerate([3, host.instructions(), 0, host.buffer(IN), host.buffer(OUT)]):
        run.set_arg(index, value)
    run.start()
    run.wait()
    assert seen == [(COMPLETED, "mine")]


def test_enumerations_print_as_pybinds_do() -> None:
    assert str(COMPLETED) == "ert_cmd_state.ERT_CMD_STATE_COMPLETED"
    assert int(COMPLETED) == 4


def test_a_stream_for_the_other_generation_is_refused(host: Host) -> None:
    insts = bytearray(host.insts)
    host.kernel(3, host.instructions(), 0, host.buffer(IN), host.buffer(OUT)).wait()
    insts[2] = 4
    run = host.kernel(3, host.instructions(bytes(insts)), 0, host.buffer(IN), host.buffer(OUT))
    assert run.wait() == ERROR
    assert "device generation 4" in run.explanation()


def test_a_stream_that_needs_a_tile_outside_the_partition_is_refused(host: Host) -> None:
    stream = txn.parse(host.insts)
    moved = tuple(
        Sync(3, o.row, o.direction, o.channel) if isinstance(o, Sync) else o
        for o in stream.operations
    )
    insts = txn.build(
        txn.Txn(stream.devgen, stream.rows, stream.columns, stream.memory_rows, moved)
    )
    run = host.kernel(3, host.instructions(insts), 0, host.buffer(IN), host.buffer(OUT))
    assert run.wait() == ERROR
    assert "there is no tile (3,0)" in run.explanation()


def eight_tasks(insts: bytes, queue: int, descriptor: int) -> bytes:
    """The stream with eight small tasks in place of the one that goes into a queue."""
    stream = txn.parse(insts)
    operations: list[Any] = []
    for operation in stream.operations:
        if isinstance(operation, BlockWrite) and operation.address == descriptor:
            data = (WORDS // 8).to_bytes(4, "little") + operation.data[4:]
            operations.append(BlockWrite(operation.address, data, operation.tile))
        elif isinstance(operation, Write) and operation.address == queue:
            operations += [operation] * 8
        else:
            operations.append(operation)
    shape = (stream.devgen, stream.rows, stream.columns, stream.memory_rows)
    return txn.build(txn.Txn(*shape, tuple(operations)))


def test_a_full_queue_that_empties_in_time_is_a_hazard(host: Host) -> None:
    insts = eight_tasks(host.insts, queue=0x1D214, descriptor=0x1D020)
    source, out = host.buffer(IN, DATA), host.buffer(OUT)
    run = host.kernel(3, host.instructions(insts), 0, source, out)
    assert run.wait() == COMPLETED
    assert (host.out(out) == np.tile(DATA[: WORDS // 8], 8)).all()
    report = run.report()
    assert report is not None
    assert "gives tile (0,0) MM2S 0 a task while four wait in its queue" in report.hazards[0]


def test_a_full_queue_that_never_empties_is_a_hang(host: Host) -> None:
    """The outputs' tasks are queued before any input is: none of them can end."""
    insts = eight_tasks(host.insts, queue=0x1D204, descriptor=0x1D000)
    run = host.kernel(3, host.instructions(insts), 0, host.buffer(IN), host.buffer(OUT))
    assert run.wait() == TIMEOUT
    explanation = run.explanation()
    assert "waits for room in the task queue of tile (0,0) S2MM 0" in explanation
    assert "hardware drops the task" in explanation


SCRIPT = """
import sys
import numpy as np
import pyxrt

folder = sys.argv[1]
device = pyxrt.device(0)
xclbin = pyxrt.xclbin(folder + "/final.xclbin")
device.register_xclbin(xclbin)
context = pyxrt.hw_context(device, xclbin.get_uuid())
name = [k for k in xclbin.get_kernels() if k.get_name().startswith("MLIR_AIE")][0].get_name()
kernel = pyxrt.kernel(context, name)
insts = np.fromfile(folder + "/insts.bin", np.uint32)
bo_instr = pyxrt.bo(device, insts.nbytes, pyxrt.bo.cacheable, kernel.group_id(1))
bo_in = pyxrt.bo(device, 8192, pyxrt.bo.host_only, kernel.group_id(3))
bo_out = pyxrt.bo(device, 8192, pyxrt.bo.host_only, kernel.group_id(4))
bo_instr.write(insts, 0)
bo_instr.sync(pyxrt.xclBOSyncDirection.XCL_BO_SYNC_BO_TO_DEVICE)
data = np.arange(2048, dtype=np.int32)
bo_in.write(data, 0)
bo_in.sync(pyxrt.xclBOSyncDirection.XCL_BO_SYNC_BO_TO_DEVICE)
run = kernel(3, bo_instr, len(insts), bo_in, bo_out)
state = run.wait()
bo_out.sync(pyxrt.xclBOSyncDirection.XCL_BO_SYNC_BO_FROM_DEVICE)
same = (np.frombuffer(bo_out.map(), np.int32) == data).all()
print(state, same)
sys.exit(0 if same else 5)
"""


def run_host(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    script = tmp_path / "host.py"
    script.write_text(SCRIPT)
    command = [sys.executable, "-m", "softnpu", "run-host", *arguments]
    position = command.index("SCRIPT")
    command[position] = str(script)
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_run_host_runs_a_pyxrt_script_unchanged(golden: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace.json"
    done = run_host(
        tmp_path, "--summary", "--trace", str(trace), "SCRIPT", str(golden / "passthrough_memtile")
    )
    assert done.stdout == "ert_cmd_state.ERT_CMD_STATE_COMPLETED True\n"
    assert done.returncode == 0
    assert "tile (0,0) MM2S 0: 8192 bytes" in done.stderr
    assert '"traceEvents"' in trace.read_text()


def test_run_host_can_stop_and_show_the_state(golden: Path, tmp_path: Path) -> None:
    done = run_host(tmp_path, "--stop-at", "600", "SCRIPT", str(golden / "passthrough_memtile"))
    assert done.returncode == 5, "the script's own exit code"
    assert "tile (0,1) locks:" in done.stderr


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)

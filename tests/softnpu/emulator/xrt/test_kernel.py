"""Kernels and runs: arguments, states, what a run has to say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from softnpu import pyxrt
from softnpu.compiler.driver import compile_design
from softnpu.formats import txn
from softnpu.formats.operations import Sync
from softnpu.formats.xclbin import parse
from softnpu.formats.xclbin.spec import build
from tests.softnpu.emulator.designs import halves
from tests.softnpu.emulator.xrt.host import (
    COMPLETED,
    DATA,
    ERROR,
    IN,
    OUT,
    SIZE,
    TIMEOUT,
    TO_DEVICE,
    WORDS,
    Host,
    without,
)


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


def test_an_array_of_numbers_is_no_argument(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    run = host.kernel(3, host.instructions(), 0, DATA, host.buffer(OUT))
    assert run.wait() == ERROR
    assert "argument 3 is left out without a word by XRT" in caplog.text


def test_a_sixth_buffer_is_left_out(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    """pyxrt swallows the error: the array works on five, and the sixth stays as it was."""
    buffers = [host.buffer(IN, DATA), *(host.buffer(OUT) for _ in range(5))]
    run = host.kernel(3, host.instructions(), 0, *buffers)
    assert run.wait() == COMPLETED
    assert "argument 8 is left out without a word by XRT" in caplog.text
    assert "MLIR_AIE takes 8, of which 5 are buffers" in caplog.text
    assert not host.out(buffers[5]).any()


def test_a_run_that_takes_longer_can_be_waited_for_again(folder_of_spinning_core: Path) -> None:
    host = Host.opened(folder_of_spinning_core)
    source = np.arange(16, dtype=np.int32)
    given, out = host.buffer(IN, source, size=64), host.buffer(OUT, size=64)
    run = host.kernel(3, host.instructions(), 0, given, out)
    waits = 0
    while (state := run.wait(1)) == TIMEOUT:
        waits += 1
        assert "runs in core_0_2" in run.explanation()
        assert waits < 100
    assert state == COMPLETED
    assert 2 <= waits <= 20, "the core counts for some milliseconds"
    assert (host.out(out) == 1 << 20).all()
    assert run.explanation() == ""


def test_a_kernel_takes_as_many_buffers_as_its_design_has(tmp_path: Path) -> None:
    (tmp_path / "design.mlir").write_text(halves(16))
    compile_design(tmp_path / "design.mlir", tmp_path)
    host = Host.opened(tmp_path)
    given = [np.arange(16, dtype=np.int32) + 100 * index for index in range(16)]
    buffers = [host.buffer(IN + i, values, values.nbytes) for i, values in enumerate(given)]
    run = host.kernel(3, host.instructions(), 0, *buffers)
    assert run.wait() == COMPLETED, run.explanation()
    for buffer, values in zip(buffers, given, strict=True):
        assert (host.out(buffer) == np.tile(values[:8], 2)).all()


@pytest.fixture(scope="module")
def folder_of_spinning_core(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An artifact whose core adds 1 to its output a million times before it gives it away."""
    folder = tmp_path_factory.mktemp("spinning")
    (folder / "design.mlir").write_text(SPINNING)
    compile_design(folder / "design.mlir", folder)
    return folder


SPINNING = """
aie.device(npu1_1col) {
  %shim = aie.tile(0, 0)
  %tile = aie.tile(0, 2)
  aie.objectfifo @out(%tile, {%shim}, 1 : i32) : !aie.objectfifo<memref<16xi32>>
  %core = aie.core(%tile) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %words = arith.constant 16 : index
    %million = arith.constant 1048576 : index
    %one = arith.constant 1 : i32
    %o = aie.objectfifo.acquire @out(Produce, 1) : !aie.objectfifosubview<memref<16xi32>>
    %y = aie.objectfifo.subview.access %o[0] : !aie.objectfifosubview<memref<16xi32>> -> memref<16xi32>
    %zero = arith.constant 0 : i32
    scf.for %j = %c0 to %words step %c1 {
      memref.store %zero, %y[%j] : memref<16xi32>
    }
    scf.for %n = %c0 to %million step %c1 {
      scf.for %j = %c0 to %words step %c1 {
        %v = memref.load %y[%j] : memref<16xi32>
        %s = arith.addi %v, %one : i32
        memref.store %s, %y[%j] : memref<16xi32>
      }
    }
    aie.objectfifo.release @out(Produce, 1)
    aie.end
  }
  aie.runtime_sequence(%a: memref<16xi32>, %b: memref<16xi32>) {
    aiex.npu.dma_memcpy_nd(%b[0, 0, 0, 0][1, 1, 1, 16][0, 0, 0, 1])
      {id = 0 : i64, metadata = @out, issue_token = true} : memref<16xi32>
    aiex.npu.dma_wait {symbol = @out}
  }
}
"""  # noqa: E501


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


def test_the_same_hang_is_told_at_length_once(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    summaries: list[str] = []
    pyxrt.configure(on_report=lambda _: summaries.append(f"{len(caplog.records)} before it"))
    for _ in range(3):
        run = host.kernel(3, host.instructions(without(host.insts, 0x1D214)), 0, *hung(host))
        assert run.wait(1000) == TIMEOUT
    texts = [record.getMessage() for record in caplog.records]
    assert [len(text.splitlines()) > 1 for text in texts] == [True, False, False]
    assert (
        texts[1]
        == texts[2]
        == (
            "ERT_CMD_STATE_TIMEOUT: a hang: nothing starts a transfer at tile (0,0) MM2S 0,"
            " as it was told of a run before"
        )
    )
    assert summaries == ["1 before it", "2 before it", "3 before it"], "first what it came to"


def test_a_driver_may_tell_of_its_watchdog_by_an_exception(host: Host) -> None:
    """XRT, hw_queue.cpp: the wait is over, and the command's state has stayed what it was."""
    pyxrt.configure(watchdog_raises=True)
    run = host.kernel(3, host.instructions(without(host.insts, 0x1D214)), 0, *hung(host))
    with pytest.raises(RuntimeError, match=r"qds_device::wait\(\) unexpected command state"):
        run.wait()
    run = host.kernel(3, host.instructions(without(host.insts, 0x1D214)), 0, *hung(host))
    assert run.wait(100) == TIMEOUT, "the host gave up before the watchdog did"


def hung(host: Host) -> list[pyxrt.bo]:
    return [host.buffer(IN, DATA), host.buffer(OUT)]


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
    with pytest.raises(
        RuntimeError, match=r"Command failed to complete successfully \(ERT_CMD_STATE_TIMEOUT\)"
    ):
        run.wait2()


def test_a_transfer_outside_a_buffer_names_argument_extent_and_size(host: Host) -> None:
    source, out = host.buffer(IN, DATA), host.buffer(OUT, size=100)
    run = host.kernel(3, host.instructions(), 0, source, out)
    assert run.wait() == ERROR
    assert "writes bytes 0 to 8192 of argument 4 (bo1), which has 100 bytes" in run.explanation()


def test_buffers_go_by_the_names_beside_the_xclbin(march: Path, tmp_path: Path) -> None:
    image = tmp_path / "final.xclbin"
    image.write_bytes((march / "passthrough_memtile" / "final.xclbin").read_bytes())
    (tmp_path / "names.json").write_text('{"arguments": [{"index": 1, "name": "louder"}]}')
    host = Host.opened(march / "passthrough_memtile", image)
    run = host.kernel(3, host.instructions(), 0, host.buffer(IN, DATA), host.buffer(OUT))
    run.wait()
    assert [use.name for use in run.report().arguments] == [
        "argument 3 (bo0)",
        "argument 4 (louder)",
    ]


def test_damaged_names_beside_the_xclbin_are_told_and_not_used(
    march: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    image = tmp_path / "final.xclbin"
    image.write_bytes((march / "passthrough_memtile" / "final.xclbin").read_bytes())
    (tmp_path / "names.json").write_text('{"arguments": [')
    host = Host.opened(march / "passthrough_memtile", image)
    run = host.kernel(3, host.instructions(), 0, host.buffer(IN, DATA), host.buffer(OUT))
    assert run.wait() == COMPLETED
    assert "names.json: not a names file" in caplog.text


def test_the_report_tells_what_moved(host: Host) -> None:
    source, out = host.buffer(IN, DATA), host.buffer(OUT)
    run = host.kernel(3, host.instructions(), 0, source, out)
    run.wait()
    report = run.report()
    assert report is not None
    assert report.statistics.channels["tile (0,0) MM2S 0"].bytes == SIZE
    assert [(use.name, use.size, use.read, use.written) for use in report.arguments] == [
        ("argument 3 (bo0)", SIZE, SIZE, 0),
        ("argument 4 (bo1)", SIZE, 0, SIZE),
    ]
    assert report.cycles >= WORDS


def test_group_ids_are_bank_and_slot_and_131071_for_scalars(host: Host) -> None:
    assert host.kernel.group_id(0) == host.kernel.group_id(2) == 131071
    assert host.kernel.group_id(1) >> 16 == 1
    assert host.kernel.group_id(1) != host.kernel.group_id(IN)


def test_a_kernel_that_is_not_there(host: Host) -> None:
    with pytest.raises(RuntimeError, match="No such kernel 'X'"):
        pyxrt.kernel(host.context, "X")


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


def test_the_deprecated_kernel_makes_a_context_of_its_own(host: Host) -> None:
    uuid = host.context.get_xclbin_uuid()
    mode = pyxrt.kernel.exclusive
    with pytest.warns(DeprecationWarning, match=r"use kernel\(hw_context, name\)"):
        kernel = pyxrt.kernel(device=host.device, uuid=uuid, name="MLIR_AIE", mode=mode)
    assert kernel.context is not host.context
    assert kernel.context.get_mode() == pyxrt.hw_context.exclusive
    out = host.buffer(OUT)
    assert kernel(3, host.instructions(), 0, host.buffer(IN, DATA), out).wait() == COMPLETED
    assert (host.out(out) == DATA).all()


def test_no_callback_can_be_given(host: Host) -> None:
    """XRT's binding leaves out pybind11/functional.h."""
    with pytest.raises(TypeError, match="no Python function can be given here"):
        pyxrt.run(host.kernel).add_callback(COMPLETED, print, None)


def test_no_timeout_can_be_given_to_wait2(host: Host) -> None:
    run = host.kernel(3, host.instructions(), 0, host.buffer(IN, DATA), host.buffer(OUT))
    with pytest.raises(TypeError, match=r"run\.wait\(timeout_ms\) takes an int"):
        run.wait2(1000)
    run.wait2()
    assert run.state() == COMPLETED


def test_there_is_no_scratchpad_without_a_module(host: Host) -> None:
    with pytest.raises(RuntimeError, match="No module associated with run object"):
        pyxrt.run(host.kernel).get_ctrl_scratchpad_bo()


def test_numbers_are_cast_as_pybind_does(host: Host) -> None:
    source, out = host.buffer(IN, DATA), host.buffer(OUT)
    instructions = host.instructions()
    for opcode in (3, np.int64(3), np.float32(3.5)):
        assert host.kernel(opcode, instructions, 0, source, out).wait() == COMPLETED
    run = pyxrt.run(host.kernel)
    for value in (3.0, "3", None, 1 << 31):
        with pytest.raises(TypeError, match=r"set_arg\(\): incompatible function arguments"):
            run.set_arg(0, value)


def test_runs_that_the_npu_has_beside_one_that_hangs_go_with_it(host: Host) -> None:
    """It has four of a context at a time; the driver's reset spares none of them."""
    hang, good = host.instructions(without(host.insts, 0x1D214)), host.instructions()
    outputs = [host.buffer(OUT) for _ in range(5)]
    streams = (hang, good, good, good, good)
    runs = [
        host.kernel(3, stream, 0, host.buffer(IN, DATA), out)
        for stream, out in zip(streams, outputs, strict=True)
    ]
    states = [run.wait() for run in runs]
    assert states == [TIMEOUT, *[pyxrt.ert_cmd_state.ERT_CMD_STATE_ABORT] * 3, COMPLETED]
    assert "did not complete, and took it along" in runs[1].explanation()
    assert not host.out(outputs[3]).any()
    assert (host.out(outputs[4]) == DATA).all()


def test_an_older_driver_raises_for_the_runs_beside_it_too(host: Host) -> None:
    pyxrt.configure(watchdog_raises=True)
    hang = host.instructions(without(host.insts, 0x1D214))
    runs = [host.kernel(3, stream, 0, *hung(host)) for stream in (hang, host.instructions())]
    for run in runs:
        with pytest.raises(RuntimeError, match=r"qds_device::wait\(\) unexpected"):
            run.wait()


@pytest.fixture
def two_kernels(march: Path, tmp_path: Path) -> Path:
    """An xclbin of two designs: MLIR_AIE passes data through, OTHER transposes it."""
    first, second = (
        parse((march / name / "final.xclbin").read_bytes()).spec()
        for name in ("passthrough_memtile", "transpose_dims")
    )
    group = replace(second.partition.pdis[0].groups[0], kernel_ids=(0x902,), pdi_id=2)
    pdis = (*first.partition.pdis, replace(second.partition.pdis[0], groups=(group,)))
    other = replace(first.kernels[0], name="OTHER", instances=("OTHERI",), kernel_id="0x902")
    both = replace(
        first,
        partition=replace(first.partition, pdis=pdis),
        kernels=(first.kernels[0], other),
        uuid=None,
    )
    (tmp_path / "final.xclbin").write_bytes(build(both))
    return tmp_path / "final.xclbin"


def test_each_kernel_runs_on_its_own_pdi(march: Path, two_kernels: Path) -> None:
    host = Host.opened(march / "passthrough_memtile", two_kernels)
    other = pyxrt.kernel(host.context, "OTHER:{OTHERI}")
    assert other.group_id(IN) == host.kernel.group_id(IN)
    square = np.arange(64 * 64, dtype=np.int32)
    given, turned = host.buffer(IN, square, 4 * 64 * 64), host.buffer(OUT, size=4 * 64 * 64)
    insts = host.instructions((march / "transpose_dims" / "insts.bin").read_bytes())
    source, out = host.buffer(IN, DATA), host.buffer(OUT)
    for _ in range(2):
        assert host.kernel(3, host.instructions(), 0, source, out).wait() == COMPLETED
        assert (host.out(out) == DATA).all()
        assert other(3, insts, 0, given, turned).wait() == COMPLETED
        blocks = square.reshape(4, 16, 2, 32).transpose(0, 2, 3, 1)
        assert (host.out(turned) == blocks.ravel()).all()

"""Run lists: in order, as one command, up to the first run that fails."""

from __future__ import annotations

import gc

import pytest

from softnpu import pyxrt
from softnpu.emulator.xrt.machine import machine
from tests.softnpu.emulator.xrt.host import (
    COMPLETED,
    DATA,
    ERROR,
    IN,
    OUT,
    TIMEOUT,
    Host,
    without,
)

ABORT = pyxrt.ert_cmd_state.ERT_CMD_STATE_ABORT


def prepared(host: Host, instructions: pyxrt.bo, *buffers: pyxrt.bo) -> pyxrt.run:
    run = pyxrt.run(host.kernel)
    for index, value in enumerate([3, instructions, 0, *buffers]):
        run.set_arg(index, value)
    return run


def three_of_which_one_hangs(host: Host) -> tuple[pyxrt.runlist, list[pyxrt.run], list[pyxrt.bo]]:
    hang, good = host.instructions(without(host.insts, 0x1D214)), host.instructions()
    outputs = [host.buffer(OUT) for _ in range(3)]
    runs = [
        prepared(host, stream, host.buffer(IN, DATA), out)
        for stream, out in zip((good, hang, good), outputs, strict=True)
    ]
    listed = pyxrt.runlist(host.context)
    for run in runs:
        listed.add(run)
    return listed, runs, outputs


def test_a_run_that_was_started_by_itself_is_done_before_its_list(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    out = host.buffer(OUT)
    run = host.kernel(3, host.instructions(), 0, host.buffer(IN, DATA), out)
    listed = pyxrt.runlist(host.context)
    listed.add(run)
    listed.execute()
    listed.wait()
    assert run.state() == COMPLETED
    assert (host.out(out) == DATA).all()
    assert "on hardware it is refused (bad command state) unless it is done" in caplog.text


def test_runs_execute_in_order(host: Host) -> None:
    source, middle, out = host.buffer(IN, DATA), host.buffer(OUT), host.buffer(OUT)
    instructions = host.instructions()
    runs = pyxrt.runlist(hwctx=host.context)
    for pair in ((source, middle), (middle, out)):
        run = prepared(host, instructions, *pair)
        runs.add(run=run)
    with pytest.raises(RuntimeError, match="belongs to a runlist"):
        run.start()
    for _ in range(2):
        runs.execute()
        runs.wait()
        assert run.state() == COMPLETED
    assert (host.out(out) == DATA).all()


def test_the_first_that_fails_is_told_and_the_rest_is_aborted(host: Host) -> None:
    listed, runs, outputs = three_of_which_one_hangs(host)
    listed.execute()
    with pytest.raises(RuntimeError, match=r"runlist failed execution \(ERT_CMD_STATE_TIMEOUT\)"):
        listed.wait()
    assert [run.state() for run in runs] == [COMPLETED, TIMEOUT, ABORT]
    assert [host.out(out).any() for out in outputs] == [True, False, False]
    assert "tile (0,0) MM2S 0 is where its stream comes from" in runs[1].explanation()


def test_an_older_driver_tells_of_its_watchdog_by_abort(host: Host) -> None:
    """Linux, drivers/accel/amdxdna/aie2_ctx.c: only a run of its own keeps its state."""
    pyxrt.configure(watchdog_raises=True)
    listed, runs, _ = three_of_which_one_hangs(host)
    listed.execute()
    with pytest.raises(RuntimeError, match=r"failed execution \(ERT_CMD_STATE_ABORT\)"):
        listed.wait()
    assert [run.state() for run in runs] == [ABORT] * 3


def test_an_error_ends_a_list_too(host: Host) -> None:
    runs = [prepared(host, host.instructions(), host.buffer(IN), out) for out in outputs(host)]
    listed = pyxrt.runlist(host.context)
    for run in runs:
        listed.add(run)
    listed.execute()
    with pytest.raises(RuntimeError, match=r"failed execution \(ERT_CMD_STATE_ERROR\)"):
        listed.wait()
    assert [run.state() for run in runs] == [ERROR, ABORT]


def outputs(host: Host) -> list[pyxrt.bo]:
    """The first is too small."""
    return [host.buffer(OUT, size=100), host.buffer(OUT)]


def test_a_list_behind_a_run_that_hangs_goes_with_it(host: Host) -> None:
    hang = host.instructions(without(host.insts, 0x1D214))
    first = host.kernel(3, hang, 0, host.buffer(IN, DATA), host.buffer(OUT))
    member = prepared(host, host.instructions(), host.buffer(IN, DATA), host.buffer(OUT))
    listed = pyxrt.runlist(host.context)
    listed.add(member)
    listed.execute()
    with pytest.raises(RuntimeError, match="runlist failed execution"):
        listed.wait()
    assert first.state() == TIMEOUT


def test_a_list_that_runs_can_neither_grow_nor_be_executed(host: Host) -> None:
    run = prepared(host, host.instructions(), host.buffer(IN, DATA), host.buffer(OUT))
    listed = pyxrt.runlist(host.context)
    listed.execute()
    listed.wait()
    listed.add(run)
    listed.execute()
    with pytest.raises(RuntimeError, match="must be idle before adding run objects"):
        listed.add(run)
    with pytest.raises(RuntimeError, match="must be idle before submitting for execution"):
        listed.execute()
    listed.wait()
    listed.execute()


def test_a_run_is_free_again_when_its_list_is_gone(host: Host) -> None:
    run = prepared(host, host.instructions(), host.buffer(IN, DATA), host.buffer(OUT))
    lists = [pyxrt.runlist(host.context)]
    lists[0].add(run)
    lists.clear()
    gc.collect()
    run.start()
    assert run.wait() == COMPLETED


def test_a_list_does_not_keep_its_context(host: Host) -> None:
    """As in C++, where what nobody names any more is gone at once."""
    gc.collect()
    contexts = machine().contexts
    before = len(contexts)
    context = pyxrt.hw_context(host.device, host.context.get_xclbin_uuid())
    run = pyxrt.run(pyxrt.kernel(context, "MLIR_AIE"))
    for index, value in enumerate([3, host.instructions(), 0, host.buffer(IN), host.buffer(OUT)]):
        run.set_arg(index, value)
    listed = pyxrt.runlist(context)
    listed.add(run)
    listed.execute()
    listed.wait()
    gc.disable()
    try:
        del context, run, listed
        assert len(contexts) == before
    finally:
        gc.enable()


def test_no_timeout_can_be_given(host: Host) -> None:
    with pytest.raises(TypeError, match="no timeout can be given here"):
        pyxrt.runlist(host.context).wait(1000)

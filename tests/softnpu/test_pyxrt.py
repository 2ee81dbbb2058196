"""softnpu.pyxrt stands in for pyxrt: the same calls, and a few of its own."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from softnpu import pyxrt
from softnpu.emulator.explaining.report import Outcome, RunReport
from softnpu.emulator.xrt.machine import machine
from tests.softnpu.emulator.xrt.host import COMPLETED, DATA, IN, OUT, SIZE, Host


@pytest.fixture
def folder(march: Path) -> Path:
    return march / "passthrough_memtile"


@pytest.fixture(autouse=True)
def new_process() -> None:
    machine.cache_clear()


def test_the_usual_host_program_works(folder: Path) -> None:
    host = Host.opened(folder)
    source, out = host.buffer(IN, DATA), host.buffer(OUT)
    run = host.kernel(3, host.instructions(), len(host.insts), source, out)
    assert run.wait(1000) == COMPLETED
    assert (host.out(out) == DATA).all()
    assert (out.read(SIZE, 0).view(np.int32) == DATA).all()
    assert run.explanation() == ""


def test_there_is_one_device() -> None:
    assert pyxrt.enumerate_devices() == 1


def test_messages_go_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="softnpu.pyxrt"):
        pyxrt.log_message(pyxrt.notice, "host", "half of the buffer is empty")
        pyxrt.log_message(pyxrt.xrt_msg_level.alert, "host", "all of it")
    assert "[host] half of the buffer is empty" in caplog.text
    assert [record.levelname for record in caplog.records] == ["INFO", "CRITICAL"]
    with pytest.raises(TypeError, match="'warning' is no level"):
        pyxrt.log_message("warning", "host", "text")  # type: ignore[arg-type]


def test_reports_and_a_timeline_can_be_asked_for(folder: Path) -> None:
    reports: list[RunReport] = []
    pyxrt.configure(trace=True, on_report=reports.append)
    host = Host.opened(folder)
    host.kernel(3, host.instructions(), 0, host.buffer(IN, DATA), host.buffer(OUT)).wait()
    assert [report.outcome for report in reports] == [Outcome.COMPLETED]
    assert pyxrt.last_timeline() is not None


def test_an_xclbin_without_a_mark_holds_aie2_code_unless_somebody_knows_better(
    march: Path,
) -> None:
    """The golden's cores hold zeros: instructions that do nothing to AIE2, none to RV32."""
    folder = march / "passthrough_core"
    explanations = []
    for isa in (None, "aie2p", "rv32"):
        pyxrt.assume_core_isa(isa)
        host = Host.opened(folder)
        run = host.kernel(3, host.instructions(), 0, host.buffer(IN), host.buffer(OUT))
        run.wait()
        explanations.append(run.explanation())
    assert "  at pc 0x4000" in explanations[0].splitlines()
    assert 'holds "aie2p" code' in explanations[1]
    assert "holds zeros: that is no program" in explanations[2]

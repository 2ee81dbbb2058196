"""The summary of a run names who did what, and what did nothing."""

from __future__ import annotations

import numpy as np

from softnpu.emulator.explaining.summary import summary
from tests.softnpu.emulator.programs import Cores

DESIGN = "passthrough_core"


def test_the_summary_tells_instructions_bytes_waits_and_untouched_buffers(cores: Cores) -> None:
    program = cores.worker(DESIGN, (0, 2), "in_cons_buff", "out_buff", 256, "x")
    context = cores.context(DESIGN, {(0, 2): program})
    data = [context.allocate(4096, name) for name in ("in", "out", "spare")]
    data[0].words[:] = np.arange(1024)
    report = context.run(cores.insts(DESIGN).read_bytes(), data)
    lines = summary(report).splitlines()
    assert lines[0].startswith("completed, about ")
    assert f"estimate: {report.cycles} cycles" in lines[0]
    instructions = report.statistics.cores["core (0,2)"].instructions
    (core,) = [line for line in lines if "core (0,2)" in line]
    assert f"{instructions} instructions" in core
    assert "% of the time waiting for locks" in core
    assert any("tile (0,2) MM2S 0: 4096 bytes in 4 descriptors" in line for line in lines)
    assert "  in: 4096 bytes, 4096 read, 0 written by DMAs" in lines
    assert "  spare: 4096 bytes, not touched by a DMA" in lines
    assert not any("tile (1,0)" in line for line in lines), "only who did something"


def test_a_run_without_an_end_has_no_time(cores: Cores) -> None:
    program = cores.program(DESIGN, (0, 2), "void program(void) { acquire(49, -1); }")
    context = cores.context(DESIGN, {(0, 2): program})
    data = [context.allocate(4096, name) for name in ("in", "out")]
    lines = summary(context.run(cores.insts(DESIGN).read_bytes(), data)).splitlines()
    assert lines[0] == "hang; until then:"
    assert any("core (0,2)" in line for line in lines)

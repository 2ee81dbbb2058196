"""Writes behind the end of a buffer, which no output shows."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from runner import launch, strays
from runner.artifact import Argument
from runner.strays import Gap, Strays, gaps
from softnpu.emulator.array.array import Array
from softnpu.emulator.naming.names import Buffer, Names
from softnpu.emulator.naming.source_lines import SourceLines
from tests.project import make_project

TILE = (0, 2)
BUFFERS = {
    TILE: (Buffer(0x400, 0x100, "a"), Buffer(0x500, 0x100, "b"), Buffer(0x4000, 0x80, "c")),
    (0, 1): (Buffer(0, 64, "of_a_memory_tile"),),
}


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """Three buffers, two of them side by side, and variables behind the last."""
    sections = [
        SimpleNamespace(allocated=True, address=0, size=900),
        SimpleNamespace(allocated=True, address=0x7C400, size=64),
    ]
    monkeypatch.setattr(strays, "Elf", lambda _: SimpleNamespace(sections=sections))
    return Names(buffers=BUFFERS, programs={TILE: SourceLines(Path("core.elf"))})


def test_gaps_end_at_the_next_buffer_and_at_the_programs_variables(names: Names) -> None:
    assert list(gaps(names)) == [Gap(TILE, "b", 0x600, 0x4000), Gap(TILE, "c", 0x4080, 0xC400)]


def test_a_program_that_is_not_there_leaves_its_tile_out() -> None:
    unknown = Names(buffers=BUFFERS, programs={TILE: SourceLines(Path("nowhere.elf"))})
    assert not list(gaps(unknown))


def test_a_write_behind_a_buffer_is_told_once_with_its_reach_be_it_of_zeros(names: Names) -> None:
    memory = np.zeros(0x10000, np.uint8)
    array = cast(Array, SimpleNamespace(tile=lambda *_: SimpleNamespace(memory=memory)))
    watch = Strays(names)
    memory[0x400:0x600] = 7
    memory[0xC400:] = 7
    assert not list(watch.found(array))
    memory[0x600:0x605] = 7
    memory[0x4080:0x4084] = 0
    told, other = watch.found(array)
    assert told.startswith("8 bytes or more behind the end of buffer b of tile (0,2) were written")
    assert other.startswith("4 bytes or more behind the end of buffer c")
    assert not list(watch.found(array))


def test_a_loop_that_runs_too_far_is_warned_of_though_every_output_is_right(tmp_path: Path) -> None:
    """As in what the memory check, which stops at such an access, does not look at any more."""
    project = make_project(tmp_path, "vector_scale")
    project.edit("kernels_src/vector_scale.c", "i < LINE", "i <= LINE")
    assert project.doit("manifest:vector_scale/small").returncode == 0
    built = tmp_path / "build/npu1_1col/vector_scale/small"
    arguments = [Argument("in", "in", (4096,), "int32"), Argument("out", "out", (4096,), "int32")]
    opened = launch.open_pair(
        built / "final.xclbin", built / "insts.bin", arguments, launch.EMULATOR
    )
    values = np.arange(4096, dtype=np.int32)
    opened.session.run({"in": values})  # from then on the gaps are watched
    outputs = opened.session.run({"in": values})
    assert (outputs["out"] == 3 * values).all()
    (said,) = opened.session.notes()
    assert "4 bytes or more behind the end of buffer out_buff_0 of tile (0,2)" in said

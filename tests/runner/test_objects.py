"""The sizes of what reaches the host, from a design's names."""

from __future__ import annotations

import json
from pathlib import Path

from runner.objects import in_elements, output_objects
from runner.verdicts.where import Unit


def _names(folder: Path, channels: dict[str, str], buffers: dict[str, int]) -> None:
    (folder / "names.json").write_text(
        json.dumps(
            {
                "channels": [{"name": n, "direction": d} for n, d in channels.items()],
                "buffers": [{"name": n, "size": s} for n, s in buffers.items()],
            }
        )
    )


def test_the_fifo_that_reaches_the_host_has_its_buffers_size(tmp_path: Path) -> None:
    buffers = {"in_cons_buff_0": 512, "out_buff_0": 1024, "out_buff_1": 1024}
    _names(tmp_path, {"in": "MM2S", "out": "S2MM"}, buffers)
    assert output_objects(tmp_path) == (Unit("object of out", 1024),)


def test_fifos_gathered_by_a_memory_tile_are_told_as_one_after_the_hosts_own(
    tmp_path: Path,
) -> None:
    buffers = {f"out{i}_buff_0": 256 for i in range(4)} | {"out_buff_0": 1024}
    _names(tmp_path, {"out": "S2MM"}, buffers)
    assert output_objects(tmp_path) == (
        Unit("object of out", 1024),
        Unit("object of out0 and 3 more fifos", 256),
    )


def test_an_artifact_without_names_has_no_objects(tmp_path: Path) -> None:
    assert output_objects(tmp_path) == ()


def test_sizes_that_are_no_whole_number_of_elements_are_left_out() -> None:
    assert in_elements([Unit("a", 10), Unit("b", 12)], 4) == [Unit("b", 3)]

"""`npuforge trace`: a trace buffer, read in the design's names."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from runner.__main__ import main
from tests import perfetto
from tests.softnpu.emulator import test_tracing as traced

WORKER = traced.unit(
    "worker",
    "core",
    *("INSTR_EVENT_0", "INSTR_EVENT_1", "LOCK_STALL", "PORT_RUNNING_0"),
    *traced.PORTS,
    mode="Event-Time",
)
SHIM = traced.unit("shim", "shimtile", "DMA_MM2S_0_START_TASK", "DMA_S2MM_0_FINISHED_TASK")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A traced design's artifact, with its trace as text and binary."""
    folder = tmp_path_factory.mktemp("traced")
    data = traced.run(folder, WORKER, SHIM).data
    (folder / "trace.bin").write_bytes(data)
    words = np.frombuffer(data, np.uint32).tolist()
    (folder / "trace.txt").write_text("".join(f"{word:08x}\n" for word in words))
    return folder


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main(["trace", *map(str, arguments)]) == 0
    return capsys.readouterr().out


def test_events_are_listed_by_tile_in_the_order_of_time(
    built: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = said(capsys, built).splitlines()
    heads = [line for line in lines if not line.startswith(" ")]
    assert sorted(head.split(":")[0] for head in heads) == ["core (0,2)", "shim (0,0)"]
    core = lines[lines.index(next(h for h in heads if h.startswith("core"))) + 2 :]
    events = [line.split()[2] for line in core[:4]]
    assert events == ["LOCK_STALL", "PORT_RUNNING_0", "INSTR_EVENT_0", "PORT_RUNNING_0"]
    cycles = [int(line.split()[0].replace(",", "")) for line in core[:12]]
    assert cycles == sorted(cycles)
    assert any(line.endswith("PORT_RUNNING_0 DMA S2MM 0") for line in lines)
    assert any(line.endswith("DMA_MM2S_0_START_TASK [in]") for line in lines)


def test_a_trace_as_text_is_the_same_trace(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, built / "trace.txt") == said(capsys, built / "trace.bin")


def test_the_summary_tells_the_time_between_the_events_of_the_code(
    built: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(capsys, built, "--summary")
    assert "from event0() to event1(): 4 times" in text
    assert any(line.split()[:2] == ["4", "4"] for line in text.splitlines())


def test_the_json_has_a_process_a_unit_and_a_thread_a_slot(built: Path, tmp_path: Path) -> None:
    assert main(["trace", str(built), "--json", str(tmp_path / "out.json")]) == 0
    written = json.loads((tmp_path / "out.json").read_text())
    events = written["traceEvents"]
    processes = {e["args"]["name"]: e["pid"] for e in events if e["name"] == "process_name"}
    assert set(processes) == {"core (0,2)", "shim (0,0)"}
    threads = {
        (e["pid"], e["tid"]): e["args"]["name"] for e in events if e["name"] == "thread_name"
    }
    core = [name for (pid, _), name in threads.items() if pid == processes["core (0,2)"]]
    assert core[3] == "PORT_RUNNING_0 DMA S2MM 0"
    spans = [e for e in events if e["ph"] == "X"]
    assert {(e["pid"], e["tid"]) for e in spans} <= set(threads)
    assert all(e["dur"] > 0 and e["ts"] >= 0 for e in spans)
    read = perfetto.read(written)
    assert {name for _, name in read.slices} == {e["name"] for e in spans}
    assert all({one.name for one in found} == {row[1]} for row, found in read.slices.items())
    assert read.main_threads == set()


def test_a_trace_elsewhere_needs_the_folder_of_its_artifact(
    built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(built / "trace.bin", tmp_path / "mine.bin")
    assert main(["trace", str(tmp_path / "mine.bin")]) == 1
    assert "say where they lie (--artifact DIR)" in capsys.readouterr().err
    assert said(capsys, tmp_path / "mine.bin", "--artifact", built) == said(capsys, built)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (bytes(256), "the trace is empty: nothing but zeros"),
        (b"\x01\x02\x03\x04" * 8, "is no trace packet's header"),
        (b"no words at all\n", "no trace as text, a hexadecimal word a line"),
    ],
)
def test_what_is_no_trace_is_refused(
    built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, told: str
) -> None:
    (tmp_path / "trace.bin").write_bytes(content)
    assert main(["trace", str(tmp_path / "trace.bin"), "--artifact", str(built)]) == 1
    assert told in capsys.readouterr().err


def test_the_trace_of_another_design_is_refused(
    built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = traced.unit("mid", "memtile", "PORT_RUNNING_0", *traced.PORTS)
    traced.run(tmp_path, other)
    assert main(["trace", str(built / "trace.bin"), "--artifact", str(tmp_path)]) == 1
    assert "which nothing has set up" in capsys.readouterr().err

"""What docs/emulator.md shows works as it stands there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from softnpu.compiler.driver import Options, compile_design
from softnpu.emulator.explaining.report import Outcome
from softnpu.emulator.naming import names
from softnpu.emulator.streams.streams import (
    DMA_INGRESS_DEPTH,
    EXTERNAL_MASTER_DEPTH,
    FIFO_DEPTH,
    LOCAL_MASTER_DEPTH,
    SLAVE_DEPTH,
)

TEXT = (Path(__file__).parents[2] / "docs" / "emulator.md").read_text(encoding="utf-8")


COPY_LINE = "void copy_line(char *a, char *b, int n) { for (int i = 0; i < n; i++) b[i] = a[i]; }\n"


def block(language: str) -> str:
    """The page's only block of code in a language."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.M | re.S)
    return str(found)


def test_the_python_example_stops_looks_and_goes_on(
    march: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "copy_line.c").write_text(COPY_LINE)
    design = march / "passthrough_core" / "design.mlir"
    compile_design(design, tmp_path / "out", Options(objects=(tmp_path,)))
    monkeypatch.chdir(tmp_path)
    first, _, rest = block("python").partition("tile = report.array")
    state: dict[str, Any] = {}
    exec(first, state)
    assert state["report"].outcome is Outcome.STOPPED
    exec(f"tile = report.array{rest}", state)
    assert state["report"].outcome is Outcome.COMPLETED
    assert (state["b"].data == 7).all()


def test_the_names_file_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "names.json").write_text(block("json"))
    known = names.load(tmp_path / "names.json")
    shown = json.loads(block("json"))
    assert known.lock((0, 2), 1) == "lock in_cons_cons_lock_0 (lock 1 of tile (0,2), objectfifo in)"
    assert known.buffer((0, 2), 1024) == shown["buffers"][0]["name"]
    assert known.arguments == {0: "a"}


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("slave port of a switch", SLAVE_DEPTH),
        ("master port towards another tile", EXTERNAL_MASTER_DEPTH),
        ("master port towards this tile", LOCAL_MASTER_DEPTH),
        ("a switch's FIFO", FIFO_DEPTH),
        ("S2MM channel of a core or memory tile", DMA_INGRESS_DEPTH),
    ],
)
def test_the_buffering_is_what_the_page_says(where: str, words: int) -> None:
    found = re.search(rf"^\| {where}[^|]*\| (\d+) \|", TEXT, re.M)
    assert found is not None
    assert int(found[1]) == words

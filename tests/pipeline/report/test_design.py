"""What the page says of a design's array."""

import shutil
from pathlib import Path

from pipeline.report.design import pictures
from tests.softnpu.inspect.several import write_xclbin


def test_each_pdi_has_a_picture_words_and_memories_of_its_own(march: Path, tmp_path: Path) -> None:
    write_xclbin(march, tmp_path / "final.xclbin", {7: "explicit_dma", 4: "broadcast_add"})
    shutil.copy(march / "explicit_dma" / "insts.bin", tmp_path)
    first, second = pictures(tmp_path)
    assert [first.caption, second.caption] == ["PDI 7", "PDI 4"]
    assert "tile (0,2), core" in first.words and "tile (1,3), core" not in first.words
    assert "tile (1,3), core" in second.words
    assert first.svg.count("<svg") == second.svg.count("<svg") == 1
    assert len(second.memories) > len(first.memories)


def test_the_only_pdi_needs_no_caption(march: Path) -> None:
    (only,) = pictures(march / "explicit_dma")
    assert only.caption == ""

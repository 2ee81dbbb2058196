from pathlib import Path

import pytest

from softnpu.errors import FormatError
from softnpu.inspect.flows import FileFlows, read, write
from tests.softnpu.inspect.wiring import flows

BODY = """
    aie.flow(%c, DMA : 0, %d, DMA : 1)
    aie.packet_flow(3) {
      aie.packet_source<%c, DMA : 1>
      aie.packet_dest<%d, DMA : 0>
      aie.packet_dest<%e, TileControl : 0>
    }
    aie.switchbox(%n) { aie.connect<DMA : 0, DMA : 0> }
    aie.configure_cascade(%d, West, South)
"""


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    design = flows(BODY)
    assert (len(design.flows), len(design.own), len(design.cascades)) == (3, 1, 1)
    both = FileFlows("main", {"other": flows(""), "main": design})
    write(tmp_path / "flows.json", both)
    assert read(tmp_path / "flows.json") == both
    assert list(read(tmp_path / "flows.json").devices) == ["other", "main"]


@pytest.mark.parametrize("text", ["", "[]", '{"main": "a", "devices": {"a": {}}}'])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "flows.json").write_text(text)
    with pytest.raises(FormatError, match=r"flows\.json holds no flows of a design"):
        read(tmp_path / "flows.json")

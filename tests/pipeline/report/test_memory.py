from pathlib import Path

from pipeline.report.memory import tile_memories
from softnpu.compiler import names as compiler_names
from softnpu.emulator.naming import names
from softnpu.formats import xclbin
from softnpu.inspect.labels import Labels
from softnpu.inspect.pdis import of_xclbin


def test_stack_buffers_and_free_space_fill_the_memory_without_a_gap(
    march: Path, tmp_path: Path
) -> None:
    folder = march / "broadcast_add"
    placed = folder / "input_physical.mlir"
    compiler_names.write(placed, placed, [], tmp_path / "names.json")
    array = of_xclbin(xclbin.parse((folder / "final.xclbin").read_bytes())).shown[0].array
    labels = Labels(array, names.load(tmp_path / "names.json"))
    (core, _) = tile_memories(folder, array, labels, "main")
    data, program = core.maps
    assert core.title == "core (0,2)"
    assert [(part.name, part.kind, part.address, part.size) for part in data.parts[:3]] == [
        ("stack", "stack", 0, 0x400),
        ("out0_buff_0", "buffer", 0x400, 128),
        ("free", "free", 0x480, 0x4000 - 0x480),
    ]
    at = 0
    for part in data.parts:
        assert part.address == at
        at = part.end
    assert at == data.total == 0x10000
    assert data.used == 0x400 + 4 * 128
    assert (program.used, program.total) == (16, 0x4000)

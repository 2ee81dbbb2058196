from pathlib import Path

from softnpu.formats import elf
from softnpu.inspect.programs import describe_elf, region
from softnpu.inspect.report import to_json, to_text
from tests.softnpu.formats.elf_files import build


def test_core_programs_show_what_is_loaded_where(march: Path) -> None:
    found = describe_elf((march / "passthrough_core" / "main_core_0_2.elf").read_bytes())
    text = "\n".join(to_text(found))
    assert "machine: AIE" in text
    assert "0x00000  r-x  16 bytes  (program memory)" in text


def test_an_object_that_was_not_linked_is_told_from_a_program(march: Path) -> None:
    data = bytearray((march / "passthrough_core" / "main_core_0_2.elf").read_bytes())
    data[16:18] = (1).to_bytes(2, "little")
    found = to_json(describe_elf(bytes(data)))
    assert found["type"] != elf.EXECUTABLE
    assert found["note"] == "not linked: as a core's elf_file it would load nothing"


def test_a_core_sees_its_neighbours_memories() -> None:
    assert [region(a) for a in (0x4000, 0x40000, 0x5FFFF, 0x70400)] == [
        "program memory",
        "the south neighbour's data memory",
        "the west neighbour's data memory",
        "own data memory",
    ]


def test_a_program_for_the_host_is_named() -> None:
    text = "\n".join(to_text(describe_elf(build([], bits=64, machine=62))))
    assert "machine: x86-64, 64 bits" in text
    assert "no core of an NPU runs it" in text

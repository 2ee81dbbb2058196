from pathlib import Path

import pytest

from softnpu.errors import FormatError
from softnpu.formats import elf
from tests.softnpu.formats.elf_files import Given, build, job, symbols


def test_a_core_file_tells_machine_and_segments(march: Path) -> None:
    parsed = elf.parse((march / "passthrough_core" / "main_core_0_2.elf").read_bytes())
    assert (parsed.machine, parsed.machine_name, parsed.type) == (264, "AIE", elf.EXECUTABLE)
    assert [(s.address, s.data, s.permissions) for s in parsed.segments] == [(0, bytes(16), "r-x")]


def test_a_cut_file_is_an_error(march: Path) -> None:
    data = (march / "passthrough_core" / "main_core_0_2.elf").read_bytes()
    with pytest.raises(FormatError, match=r"ELF program header at byte 0x34 takes 32 bytes"):
        elf.parse(data[:60])


@pytest.mark.parametrize("bits", [32, 64])
def test_both_classes_are_read_alike(bits: int) -> None:
    table, strings = symbols([("late", 2, 1), ("data", 1, 1), ("early", 2, 1)], bits=bits)
    sections = [
        Given(".text", b"code"),
        Given(".symtab", table, type=2, link=3),
        Given(".strtab", strings, type=3),
        Given(".bss", type=8),
    ]
    parsed = elf.parse(build(sections, bits=bits, machine=elf.AIE))
    assert (parsed.bits, parsed.machine_name, parsed.control_code) == (bits, "AIE", None)
    assert [s.name for s in parsed.sections[1:-1]] == [s.name for s in sections]
    assert bytes(parsed.sections[1].data) == b"code"
    assert [f.name for f in parsed.functions] == ["early", "late"]
    assert parsed.is_for_a_core == (bits == 32)


def test_a_host_program_is_no_core_program() -> None:
    assert not elf.parse(build([], bits=64, machine=62)).is_for_a_core
    assert not elf.parse(build([], machine=3)).is_for_a_core


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (b"\x7fELF\2\2", "big-endian"),
        (b"\x7fELF\3\1", "class 1 .* or 2 .*, not 3"),
        (b"\x7fELF\2\1", "ELF header at byte 0x10 takes 48 bytes"),
    ],
)
def test_what_cannot_be_read_says_why(head: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        elf.parse(head.ljust(60, b"\0"))


@pytest.mark.parametrize("bits", [32, 64])
def test_a_job_tells_its_kernels_and_what_patches_it(bits: int) -> None:
    parsed = elf.parse(job(b"text", b"image", b"data", bits=bits))
    assert parsed.control_code == "AIE2P"
    assert list(parsed.kernels()) == [("_Z4mainPv", "once", (1, 2))]
    assert parsed.patched_with == ("3", "scratch-pad-mem")
    found = [note for section in parsed.sections for note in elf.notes(section)]
    assert [(owner, size) for owner, _, size in found] == [
        ("XRT", b"e4ec0b95638208f02a3910123805421b"),
        ("XRT", b"\4\0\0\0"),
    ]


def test_a_job_for_an_npu_to_come_is_known_by_its_sections() -> None:
    parsed = elf.parse(build([Given(".ctrltext.0.0", b"page")], abi=65))
    assert parsed.control_code == "an NPU that is not known (OS/ABI 65)"


def test_sections_cannot_claim_more_than_the_file_has() -> None:
    data = bytearray(build([Given(".a", bytes(1 << 16)), Given(".b", bytes(1 << 16))]))
    parsed = elf.parse(data)
    table = len(data) - 40 * len(parsed.sections)
    for number in (1, 2):
        at = table + 40 * number
        data[at + 16 : at + 24] = (0x100).to_bytes(4, "little") + (0x20000).to_bytes(4, "little")
    with pytest.raises(FormatError, match="sections say that they are longer than the file"):
        elf.parse(data)

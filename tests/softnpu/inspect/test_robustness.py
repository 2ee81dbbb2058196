"""Whatever bytes the inspector is given, it answers or says why not; soon, and in little memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from softnpu.__main__ import main
from softnpu.errors import FormatError
from softnpu.formats import cdo, pdi, txn, xclbin
from softnpu.formats.operations import BlockWrite, Write
from softnpu.formats.records import word_bytes
from softnpu.formats.xclbin import container
from softnpu.inspect.array import of_operations
from softnpu.inspect.array_report import configuration, describe_array
from softnpu.inspect.diff import differences
from softnpu.inspect.files import describe
from softnpu.inspect.report import to_json, to_text
from tests.conftest import MARCH
from tests.softnpu.formats.elf_files import job
from tests.softnpu.formats.test_cdo_compact import compacted
from tests.softnpu.formats.test_control_packets import control, stream
from tests.softnpu.formats.test_pdi import boot_image
from tests.softnpu.formats.test_trace import packet

DESIGN = MARCH / "packet_routes"
NAMES = (
    *("final.xclbin", "design.pdi", "compact.pdi", "insts.bin", "main_aie_cdo_init.bin", "elf"),
    *("run.seq", "dpu.bin", "packets.bin", "trace.txt", "boot.pdi", "job.elf"),
)


@lru_cache
def real(name: str) -> bytes:
    if name == "compact.pdi":
        return compacted((DESIGN / "design.pdi").read_bytes())
    if name == "elf":
        return (MARCH / "passthrough_core" / "main_core_0_2.elf").read_bytes()
    if name == "boot.pdi":
        return boot_image((DESIGN / "design.pdi").read_bytes())
    if name == "job.elf":
        return job(real("insts.bin"), real("design.pdi"), SMALL["packets.bin"], bits=64)
    if name in SMALL:
        return SMALL[name]
    return (DESIGN / name).read_bytes()


def as_text(stream: list[int]) -> bytes:
    return "".join(f"{word:08x}\n" for word in stream).encode()


BD = [16, 0x100, 0x40020000, 3, 0x80000000, 5, 6, 0x02000000]
RUN = [0x06000111, 0, *BD, 0x02000000, 0x1D204, 0x80000001, 0x07000102, 0x0201, 0x0403, *BD]
SMALL = {
    "run.seq": as_text([3, 7, 8, *RUN, 0x0D000200, 0x400, 2, 0x03000000, 0x00010100]),
    "dpu.bin": word_bytes([*RUN, 0x08000121, 0x0201, 0xA0634, 5, 0x11000408]),
    "packets.bin": word_bytes(
        [stream(27), control(0x1F000, 2), 5, 6, stream(26), control(0xA0000), 7]
    ),
    "trace.txt": as_text([*packet(), *packet(type=1), *[0] * 8]),
}
"""Formats that AMD's tools made no golden files of."""


def dump(data: bytes) -> None:
    found = describe(data)
    assert list(to_text(found))
    assert to_json(found)["title"]


def dump_array(data: bytes) -> None:
    from softnpu.emulator.naming.names import Names

    array = of_operations(*configuration(data))
    assert list(to_text(describe_array(array, Names())))


def compare(data: bytes) -> None:
    for name in NAMES:
        for old, new in ((real(name), data), (data, real(name))):
            assert bool(differences(old, new)) == (old != new)


def answers_or_says_why(ask: Callable[[bytes], None], data: bytes) -> None:
    try:
        ask(data)
    except FormatError as error:
        assert str(error)


asks = pytest.mark.parametrize("ask", [dump, dump_array, compare], ids=lambda ask: ask.__name__)
names = pytest.mark.parametrize("name", NAMES)
many = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=5000)


@st.composite
def damaged(draw: st.DrawFn, data: bytes) -> bytes:
    """A file with bytes or words changed, a piece lost or doubled, or its end cut off."""
    changed = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(changed) - 4, 0)))
        match draw(st.sampled_from(("byte", "word", "lose", "double", "cut"))):
            case "byte":
                changed[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case "word":
                value = draw(st.sampled_from((0, 1, 0xFFFFFFFF, 0x7FFFFFFF, 0xFF000000)))
                changed[at : at + 4] = value.to_bytes(4, "little")
            case "lose":
                del changed[at : at + 4 * draw(st.integers(1, 8))]
            case "double":
                changed[at:at] = changed[at : at + 4 * draw(st.integers(1, 8))]
            case "cut":
                del changed[at:]
    return bytes(changed)


def mended(data: bytes) -> bytes:
    """The file with right checksums and lengths in the headers, so that the damage lies deeper."""
    if data[4:8] == b"CDO\0" and len(data) >= 20:
        return cdo.with_header(data[20 : len(data) // 4 * 4])
    if data[:2] == b"\0\1" and len(data) >= 16:
        return data[:12] + word_bytes([len(data)]) + data[16:]
    return data


@asks
@names
@many
@given(data=st.data())
def test_damaged_files(ask, name: str, data: st.DataObject) -> None:
    answers_or_says_why(ask, mended(data.draw(damaged(real(name)))))


@asks
@many
@given(data=st.binary(max_size=400))
def test_any_bytes(ask, data: bytes) -> None:
    answers_or_says_why(ask, data)


@asks
@many
@given(words=st.lists(st.integers(0, 0xFFFFFFFF) | st.sampled_from((3, 5, 7, 8)), max_size=40))
def test_any_command_zone_of_a_compact_cdo(ask, words: list[int]) -> None:
    whole = bytearray(compacted((DESIGN / "design.pdi").read_bytes()))
    whole[0x164:] = word_bytes(words)
    answers_or_says_why(ask, bytes(whole))


@names
@given(end=st.integers(0, 4000))
@settings(deadline=None, max_examples=30)
def test_a_file_cut_off_anywhere_is_refused_or_shown_in_part(name: str, end: int) -> None:
    answers_or_says_why(dump, real(name)[:end])


def bounded(ask: Callable[[bytes], None], data: bytes, most: int) -> None:
    """Asks within a peak of memory, bytes."""
    tracemalloc.start()
    try:
        answers_or_says_why(ask, data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < most, f"{peak >> 20} MiB"


def huge_claims() -> dict[str, bytes]:
    """Small files that say they are very large."""
    fill = b"".join(n.to_bytes(4, "little") for n in (0, 0x200000, 0xFFFFFFFF, 7))
    long_block = cdo.with_header(word_bytes([0xFF << 16 | cdo.DMA_WRITE, 0xFFFFFFF0, 0, 0]))
    stream = bytearray((DESIGN / "insts.bin").read_bytes())
    stream[28:32] = b"\xf0\xff\xff\xff"
    box = bytearray(real("final.xclbin"))
    box[0x1C8 + 32 : 0x1C8 + 40] = (4 << 30).to_bytes(8, "little")
    image = bytearray(real("design.pdi"))
    image[0xD0:0xDC] = word_bytes([1 << 30] * 3)
    elf = bytearray(real("elf"))
    elf[44:46] = b"\xff\x0f"
    topology = bytes.fromhex("ffffff7f")
    many_memories = container.Container(
        container.Header(), (container.Section(xclbin.SectionKind.MEM_TOPOLOGY, topology),)
    )
    return {
        "fill": cdo.build(cdo.Cdo((cdo.Command(cdo.SET, fill),))),
        "block": long_block,
        "stream": bytes(stream),
        "xclbin": bytes(box),
        "pdi": bytes(image),
        "elf": bytes(elf),
        "memories": container.build(many_memories),
    }


@asks
@pytest.mark.parametrize("claim", huge_claims())
def test_what_a_header_claims_is_not_allocated(ask, claim: str) -> None:
    bounded(ask, huge_claims()[claim], most=64 << 20)


def test_a_large_file_is_shown_and_compared(tmp_path: Path) -> None:
    writes = [Write(0x1D000 + 4 * (n % 128), n) for n in range(20_000)]
    program = BlockWrite(0x220000, bytes(16384))
    image = tmp_path / "large.pdi"
    image.write_bytes(pdi.from_cdos([cdo.build(cdo.from_operations([*writes, program]))]))
    stream = tmp_path / "insts.bin"
    stream.write_bytes(txn.build(txn.Txn(3, 6, 4, 1, tuple(writes))))
    other = tmp_path / "other.bin"
    other.write_bytes(txn.build(txn.Txn(3, 6, 4, 1, tuple(writes[::-1]))))
    assert main(["dump", str(image)]) == 0
    assert main(["dump", "--array", str(image)]) == 0
    assert main(["diff", str(stream), str(other)]) == 1

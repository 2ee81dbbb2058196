"""Jobs in ELF files: what is written is read again, and what is patched is known."""

from __future__ import annotations

import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from softnpu.errors import FormatError
from softnpu.formats import job, job_writing, txn
from softnpu.formats.job import ControlCode, Job, Patch, Scheme
from softnpu.formats.job_stream import assembled, stream
from softnpu.formats.operations import AddressPatch, BlockWrite, CreateScratchpad, LoadPdi, Nop
from softnpu.formats.records import word_bytes, words
from tests.softnpu.formats.elf_files import Given, build, note, symbols

NOTHING = ControlCode(b"")


@pytest.fixture
def insts(march: Path) -> bytes:
    return (march / "passthrough_memtile" / "insts.bin").read_bytes()


def a_stream(*operations: object) -> bytes:
    return txn.build(txn.Txn(3, 6, 1, 1, operations))  # type: ignore[arg-type]


def test_a_job_that_goes_with_an_xclbin_is_read_as_it_was_written(insts: bytes) -> None:
    written = Job((assembled(insts, 3, NOTHING),))
    read = job.read(job_writing.write(written))
    assert read.codes == written.codes
    assert not read.is_full
    assert len(read.uid) == 16
    assert read.code("") == written.codes[0]


def test_a_full_job_is_read_as_it_was_written(insts: bytes) -> None:
    once = assembled(insts, 0, ControlCode(b"", (), b"", (), "main", "once", 3))
    twice = replace(once, instance="twice", packets=b"packets!")
    packets = (Patch(0, "0", Scheme.CONTROL_PACKET_48, 64),)
    other = replace(twice, kernel="other", packet_patches=packets, arguments=0)
    images = {".pdi.1": b"one", ".pdi.2": b"another"}
    written = Job((once, twice, other), 4, images, {"mine": b"data"}, bytes(range(16)))
    read = job.read(job_writing.write(written))
    assert read == written
    assert read.is_full
    assert read.code("main:twice") == twice
    assert read.code("other") == other


def test_a_kernel_of_several_instances_wants_one_named(insts: bytes) -> None:
    once = assembled(insts, 0, ControlCode(b"", kernel="main", instance="once", arguments=3))
    several = Job((once, replace(once, instance="twice")), 1)
    with pytest.raises(FormatError, match="Multiple sub kernels present for given kernel 'main'"):
        several.code("main")
    for name in ("main:thrice", "nope"):
        with pytest.raises(FormatError, match=r"cannot get ctrlcode id.*has: main:once, main:tw"):
            several.code(name)


def test_addresses_are_patched_where_the_stream_itself_says_so(insts: bytes) -> None:
    patches = [o for o in txn.parse(insts).operations if isinstance(o, AddressPatch)]
    code = assembled(insts, 3, NOTHING)
    assert [patch.symbol for patch in code.patches] == [str(p.argument + 3) for p in patches]
    for patch in code.patches:
        low, high = words(code.text[patch.offset + 4 : patch.offset + 12])
        assert (low, high & 0xFFFF) == (0, 0), "the address is the host's to write"
    made = stream(code, 3, 5)
    again = txn.parse(made.instructions).operations
    assert [o for o in again if isinstance(o, AddressPatch)] == patches
    assert (made.scratchpad, made.pdis) == (0, {})


def test_the_sixth_buffer_of_a_job_is_translated_by_its_host() -> None:
    text = a_stream(BlockWrite(0x1D000, bytes(32)), AddressPatch(0x1D004, 5, 8))
    (patch,) = [
        o
        for o in txn.parse(stream(assembled(text, 0, NOTHING), 0, 6).instructions).operations
        if isinstance(o, AddressPatch)
    ]
    assert (patch.argument, patch.start, patch.untranslated) == (5, 8, False)
    folded = a_stream(BlockWrite(0x1D000, bytes(32)), AddressPatch(0x1D004, 5, 0x8000_0008))
    assert assembled(folded, 0, NOTHING).patches == assembled(text, 0, NOTHING).patches
    twice = ControlCode(text, (Patch(32, "5", Scheme.SHIM_DMA_48, 0x8000_0008),))
    with pytest.raises(FormatError, match=r"argument 5 .*fold-ddr-addr-offset"):
        stream(twice, 0, 6)


def test_what_a_stream_loads_from_the_host_is_patched_too() -> None:
    text = a_stream(LoadPdi(7), CreateScratchpad(64), BlockWrite(0x1D000, bytes(32)))
    code = assembled(text, 0, NOTHING)
    assert [(p.symbol, p.scheme) for p in code.patches] == [
        (".pdi.7", Scheme.ADDRESS_64),
        ("scratch-pad-ctrl", Scheme.ADDRESS_64),
    ]
    made = stream(code, 0, 0)
    assert (made.scratchpad, made.pdis) == (64, {7: ".pdi.7"})


@pytest.mark.parametrize(
    ("patch", "words"),
    [
        (Patch(4, "0", Scheme.SHIM_DMA_48), "nothing that takes an address lies there"),
        (Patch(36, "0", Scheme.SCALAR_32), "BlockWrite .* is patched with '0' .SCALAR_32."),
        (Patch(60, "0", Scheme.SHIM_DMA_48), "is no descriptor"),
        (Patch(36, "scratch-pad-mem", Scheme.SHIM_DMA_48), "neither an argument"),
        (Patch(64, "0", Scheme.SHIM_DMA_48), "Nop of the job's control code is patched"),
    ],
)
def test_a_patch_that_is_not_modelled_is_refused(patch: Patch, words: str) -> None:
    text = a_stream(BlockWrite(0x1D000, bytes(32)), Nop())
    with pytest.raises(FormatError, match=words):
        stream(ControlCode(text, (patch,)), 0, 1)


def test_a_patch_needs_its_descriptor() -> None:
    with pytest.raises(FormatError, match="no block write precedes the patch of 0x1d004"):
        assembled(a_stream(AddressPatch(0x1D004, 0, 0)), 0, NOTHING)


def test_compressed_sections_are_unpacked(insts: bytes) -> None:
    stored = word_bytes([1, len(insts), 4]) + zlib.compress(insts)
    data = build([Given(".ctrltext", stored, flags=0x800)], abi=69, version=2)
    assert job.read(data).codes[0].text == insts
    wrong = word_bytes([1, len(insts) - 1, 4]) + zlib.compress(insts)
    with pytest.raises(FormatError, match="has not the size that it says"):
        job.read(build([Given(".ctrltext", wrong, flags=0x800)], abi=69, version=2))
    with pytest.raises(FormatError, match="compressed otherwise than by zlib"):
        job.read(build([Given(".ctrltext", bytes(16), flags=0x800)], abi=69, version=2))


def test_other_elf_files_are_told_as_what_they_are(insts: bytes) -> None:
    text = Given(".ctrltext", insts)
    with pytest.raises(FormatError, match="holds no control code"):
        job.read(build([Given(".text", insts)], machine=264))
    with pytest.raises(
        FormatError, match="control code for AIE4; npu1 and npu2 take that of AIE2P"
    ):
        job.read(build([text], abi=75))
    with pytest.raises(FormatError, match=r"has no \.ctrltext section"):
        job.read(build([Given(".ctrldata", insts)], abi=69, version=2))
    table, strings = symbols([("", 0, 0), ("3", 1, 1)])
    relocated = [
        text,
        Given(".dynsym", table, type=11, link=3),
        Given(".dynstr", strings, type=3),
        Given(".rela.dyn", word_bytes([0x20, 1 << 8 | 7, 0]), type=4),
        Given(".note.xrt.UID", note(bytes(16)), type=7),
    ]
    with pytest.raises(FormatError, match="of kind 7, which is for other NPUs"):
        job.read(build(relocated, abi=69, version=2))

"""Whatever bytes a parser is given, it answers or raises FormatError."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from softnpu.errors import FormatError
from softnpu.formats import cdo, elf, pdi, txn, xclbin
from softnpu.formats.identify import CDO_MAGIC, ELF_MAGIC, PDI_MAGIC, XCLBIN_MAGIC
from softnpu.formats.records import word_bytes
from tests.conftest import MARCH

DESIGN = MARCH / "register_writes"


def read_txn(data: bytes) -> None:
    txn.parse(data)


def read_cdo(data: bytes) -> None:
    cdo.operations(cdo.parse(data))


def read_pdi(data: bytes) -> None:
    pdi.parse(data).cdo()


def read_elf(data: bytes) -> None:
    elf.parse(data)


def read_xclbin(data: bytes) -> None:
    parsed = xclbin.parse(data)
    for ask in (
        lambda: parsed.kernels,
        lambda: parsed.partition,
        lambda: parsed.instances,
        lambda: parsed.marks,
        lambda: parsed.group_id(3),
    ):
        only_format_errors(lambda _, ask=ask: ask(), b"")


def only_format_errors(read: Callable[[bytes], object], data: bytes) -> None:
    try:
        read(data)
    except FormatError as error:
        assert str(error)


REAL = {
    read_txn: DESIGN / "insts.bin",
    read_cdo: DESIGN / "main_aie_cdo_init.bin",
    read_pdi: DESIGN / "design.pdi",
    read_xclbin: DESIGN / "final.xclbin",
    read_elf: MARCH / "passthrough_core" / "main_core_0_2.elf",
}
STARTS = {
    read_txn: bytes([0, 1, 3, 6, 1, 1, 0, 0]),
    read_cdo: word_bytes([4]) + CDO_MAGIC,
    read_pdi: PDI_MAGIC,
    read_xclbin: XCLBIN_MAGIC,
    read_elf: ELF_MAGIC + b"\1\1",
}
readers = pytest.mark.parametrize("read", REAL, ids=lambda read: read.__name__)
many = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)


@readers
@many
@given(data=st.binary(max_size=600))
def test_arbitrary_bytes(read, data: bytes) -> None:
    only_format_errors(read, data)


@readers
@many
@given(data=st.binary(max_size=600))
def test_arbitrary_bytes_behind_the_right_start(read, data: bytes) -> None:
    only_format_errors(read, STARTS[read] + data)


@readers
@many
@given(data=st.data())
def test_real_files_with_bytes_changed(read, data: st.DataObject) -> None:
    real = bytearray(REAL[read].read_bytes())
    for _ in range(data.draw(st.integers(1, 4), "changes")):
        at = data.draw(st.integers(0, len(real) - 1), "at")
        real[at] = data.draw(st.integers(0, 255), "byte")
    only_format_errors(read, bytes(real))


@readers
@many
@given(data=st.data())
def test_real_files_cut_off_anywhere(read, data: st.DataObject) -> None:
    real = REAL[read].read_bytes()
    end = data.draw(st.integers(0, len(real) - 1), "end")
    only_format_errors(read, real[:end])


@many
@given(body=st.binary(max_size=400).map(lambda b: b[: len(b) // 4 * 4]))
def test_arbitrary_commands_behind_a_right_cdo_header(body: bytes) -> None:
    only_format_errors(read_cdo, cdo.with_header(body))


@many
@given(body=st.binary(max_size=400))
def test_arbitrary_operations_behind_a_right_stream_header(body: bytes) -> None:
    head = STARTS[read_txn] + word_bytes([3, 16 + len(body)])
    only_format_errors(read_txn, head + body)


def test_sections_that_share_bytes_cannot_multiply_a_file() -> None:
    """A small file of many sections, each the whole file, would fill the memory."""
    from softnpu.formats.xclbin import container

    count = 20_000
    sections = tuple(container.Section(1, b"") for _ in range(count))
    data = bytearray(container.build(container.Container(container.Header(), sections)))
    for number in range(count):
        at = 0x1C8 + 40 * number + 24
        data[at : at + 16] = (0).to_bytes(8, "little") + len(data).to_bytes(8, "little")
    with pytest.raises(FormatError, match="together they are longer than the file"):
        xclbin.parse(bytes(data))

"""docs/formats.md says of every field where it lies: as the code has it."""

from __future__ import annotations

import re
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import pytest

from softnpu.formats import cdo, cdo_compact, dpu, txn_encodings
from softnpu.formats.operations import (
    AddressPatch,
    BlockWrite,
    CreateScratchpad,
    Custom,
    LoadPdi,
    LoadProgram,
    MaskPoll,
    MaskWrite,
    MergeSync,
    Nop,
    Preempt,
    Sync,
    UpdateRegister,
    UpdateScratchpad,
    UpdateState,
    Write,
)
from softnpu.formats.records import Record
from softnpu.formats.xclbin import SectionKind, container
from softnpu.inspect import jobs
from tests.conftest import MARCH_DESIGNS

PAGE = (Path(__file__).parents[2] / "docs" / "formats.md").read_text()
RECORDS = re.findall(r"<!-- (softnpu\S+):(\w+) -->", PAGE)


def rows(mark: str) -> list[list[str]]:
    """The cells of the table behind a mark, without its head."""
    table = PAGE.split(f"<!-- {mark} -->\n\n")[1].split("\n\n")[0]
    split = (re.split(r"(?<!\\)\|", line)[1:-1] for line in table.splitlines()[2:])
    return [[cell.strip() for cell in cells] for cells in split]


def layout(record: type[Record]) -> list[tuple[int, int, str]]:
    """Offset, bytes and name of every field."""
    found, at = [], 0
    for one in fields(record):
        code = one.metadata["struct code"]
        size = (
            int(code[:-1]) if code.endswith("s") else {"B": 1, "H": 2, "I": 4, "i": 4, "Q": 8}[code]
        )
        found.append((at, size, one.name))
        at += size
    assert at == record.byte_size()
    return found


@pytest.mark.parametrize(("module", "name"), RECORDS)
def test_the_fields_of_every_layout_lie_where_the_page_says(module: str, name: str) -> None:
    record = getattr(import_module(module), name)
    told = [(int(at, 16), int(size), field) for at, size, field, _ in rows(f"{module}:{name}")]
    assert told == layout(record)


@pytest.mark.parametrize(("module", "name"), RECORDS)
def test_a_number_that_a_field_always_has_is_the_right_one(module: str, name: str) -> None:
    record = getattr(import_module(module), name)()
    for _, _, field, meaning in rows(f"{module}:{name}"):
        value = re.match(r"(0x[0-9a-f]+|\d+)\b(?! for)", meaning)
        default = getattr(record, field)
        if value and isinstance(default, int) and default:
            assert int(value[1], 0) == default, field


def test_every_operation_of_a_stream_is_told_with_its_size() -> None:
    samples = [
        *(Write(0, 0), BlockWrite(0, b""), MaskWrite(0, 0, 0), MaskPoll(0, 0, 0), Nop()),
        *(Preempt(0), MaskPoll(0, 0, 0, busy=True), LoadPdi(0), LoadProgram(0, 0)),
        *(CreateScratchpad(0), UpdateState(0, 0, 0), UpdateRegister(0, 0, 0, 0)),
        *(UpdateScratchpad(), Sync(0, 0, 0, 0), AddressPatch(0, 0, 0), Custom(0x82, bytes(8))),
        *(Custom(0x83, bytes(4)), MergeSync(0, 0)),
    ]
    written = [txn_encodings.write_v01(sample) for sample in samples]
    told = [
        (int(code, 16), name, int(size.split()[0])) for code, name, size, _ in rows("operations")
    ]
    assert told == [(data[0], txn_encodings.OPCODE_NAMES[data[0]], len(data)) for data in written]


def test_every_operation_of_before_txn_is_told_with_its_words() -> None:
    told = [(int(code), name, int(size.split(",")[0])) for code, name, size, _ in rows("dpu")]
    assert told == [(code, kind.name, kind.words) for code, kind in dpu._KINDS.items()]


def test_every_command_that_is_understood_is_told() -> None:
    told = {int(number, 16): name for number, name, _ in rows("commands")}
    understood = {cdo.DMA_WRITE, cdo.NOP, *cdo._DECODERS}
    assert told == {number: cdo.COMMAND_NAMES[number] for number in sorted(understood)}


def test_every_group_of_the_compact_form_is_told() -> None:
    told = {0x100 | int(n): (name, int(words[0])) for n, name, words in rows("groups")}
    assert told == {
        code: (cdo.COMMAND_NAMES[code], words)
        for code, words in sorted(cdo_compact._ARGUMENTS.items())
    }


def test_every_section_of_a_job_that_is_known_is_told() -> None:
    told = {name.strip("`"): purpose for name, purpose in rows("job sections")}
    assert told == jobs._PURPOSES


@pytest.mark.parametrize("design", MARCH_DESIGNS)
def test_an_xclbin_of_amds_tools_has_the_sections_in_this_order(march: Path, design: str) -> None:
    told = [(int(kind), name) for kind, name, _ in rows("sections")]
    parsed = container.parse((march / design / "final.xclbin").read_bytes())
    assert told == [(s.kind, SectionKind(s.kind).name) for s in parsed.sections]

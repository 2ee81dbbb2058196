"""What may be ignored stands in one table, which the documentation shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from softnpu.arch.dma import DMA_ENGINES, DmaEngine
from softnpu.arch.register import Module
from softnpu.arch.register_tables import table
from softnpu.arch.registers import address, lookup
from softnpu.arch.tiles import TileKind
from softnpu.emulator.array.ignored import (
    IGNORED,
    IGNORED_FIELDS,
    IGNORED_OPERATIONS,
    reason_to_ignore,
)
from softnpu.emulator.dma.descriptors import decode
from softnpu.emulator.memory.locks import Lock
from softnpu.errors import EmulatorError
from softnpu.formats import cdo
from softnpu.formats.txn_encodings import OPCODE_NAMES

DOCUMENT = Path(__file__).parents[4] / "docs" / "emulator.md"


@pytest.mark.parametrize(
    ("mark", "table"),
    [
        ("ignored", IGNORED),
        ("ignored fields", IGNORED_FIELDS),
        ("ignored operations", IGNORED_OPERATIONS),
    ],
)
def test_the_documentation_has_the_tables(mark: str, table: dict[str, str]) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    shown = text.partition(f"<!-- {mark} -->")[2].partition(f"<!-- /{mark} -->")[0]
    rows = re.findall(r"^\| `(.*)` \| (.*) \|$", shown, re.M)
    assert {name.replace(r"\|", "|"): reason for name, reason in rows} == table


@pytest.mark.parametrize("name", IGNORED_OPERATIONS)
def test_every_ignored_operation_exists(name: str) -> None:
    assert name in {*OPCODE_NAMES.values(), *map(str.upper, cdo.COMMAND_NAMES.values())}


@pytest.mark.parametrize("pattern", IGNORED)
def test_every_entry_is_about_registers_that_exist(pattern: str) -> None:
    names = {
        register.name(index)
        for module in Module
        for register in table(module)
        for index in range(register.count)
    }
    assert any(re.fullmatch(pattern, name) for name in names)


@pytest.mark.parametrize(
    ("kind", "module", "name"),
    [
        (TileKind.CORE, Module.CORE, "Core_Control"),
        (TileKind.CORE, Module.CORE, "Debug_Control0"),
        (TileKind.CORE, Module.MEMORY, "DMA_BD0_0"),
        (TileKind.CORE, Module.MEMORY, "Lock0_value"),
        (TileKind.MEMORY, Module.MEMORY_TILE, "DMA_S2MM_0_Ctrl"),
        (TileKind.MEMORY, Module.MEMORY_TILE, "Stream_Switch_Deterministic_Merge_arb0_ctrl"),
        (TileKind.SHIM, Module.SHIM, "Mux_Config"),
    ],
)
def test_what_data_depends_on_is_not_ignored(kind: TileKind, module: Module, name: str) -> None:
    found = lookup(module, name)
    assert found is not None
    assert reason_to_ignore(kind, address(found)) is None


LOCKS = [Lock((0, 0), number, lambda *_: None) for number in range(192)]


def meant(engine: DmaEngine, values: dict[str, int]) -> str:
    """All that the emulator takes from a descriptor with these fields, or why it takes nothing."""
    try:
        found = decode(engine, (0, 0), 0, engine.bd.pack(values), LOCKS.__getitem__)
    except EmulatorError as error:
        return str(error)
    return repr(found)


@pytest.mark.parametrize("kind", TileKind)
def test_every_other_field_of_a_descriptor_means_something(kind: TileKind) -> None:
    engine = DMA_ENGINES[kind]
    whole = {
        "valid_bd": 1,
        "buffer_length": 64,
        "enable_packet": 1,
        "use_next_bd": 1,
        "lock_acq_enable": 1,
        "lock_rel_value": 1,
        **{f"d{n}_wrap": 2 for n in range(3) if engine.bd.has(f"d{n}_wrap")},
    }
    without = {
        field.name
        for field in engine.bd.fields
        if meant(engine, whole) == meant(engine, whole | {field.key: whole.get(field.key, 0) ^ 1})
    }
    assert without == {name for name in IGNORED_FIELDS if engine.bd.has(name.lower())}

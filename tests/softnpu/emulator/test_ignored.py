"""What may be ignored stands in one table, which the documentation shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from softnpu.arch.registers import Module, address, lookup, table
from softnpu.arch.tiles import TileKind
from softnpu.emulator.ignored import IGNORED, IGNORED_OPERATIONS, reason_to_ignore
from softnpu.formats import cdo
from softnpu.formats.txn_encodings import OPCODE_NAMES

DOCUMENT = Path(__file__).parents[3] / "docs" / "emulator.md"


@pytest.mark.parametrize(
    ("mark", "table"), [("ignored", IGNORED), ("ignored operations", IGNORED_OPERATIONS)]
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

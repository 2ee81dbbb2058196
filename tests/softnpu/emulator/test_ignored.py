"""What may be ignored stands in one table, which the documentation shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from softnpu.arch.registers import Module, address, lookup, table
from softnpu.arch.tiles import TileKind
from softnpu.emulator.ignored import IGNORED, reason_to_ignore

DOCUMENT = Path(__file__).parents[3] / "docs" / "emulator.md"


def test_the_documentation_has_the_table() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    shown = text.partition("<!-- ignored -->")[2].partition("<!-- /ignored -->")[0]
    rows = re.findall(r"^\| `(.*)` \| (.*) \|$", shown, re.M)
    assert {name.replace(r"\|", "|"): reason for name, reason in rows} == IGNORED


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

"""The names beside an artifact: what the emulator's explanations call locks, buffers, channels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from softnpu.compiler.selection import main_device
from softnpu.dialects.source import parse_file
from softnpu.targets import names_json

NAMES = "names.json"


def write(physical: Path, arguments: Sequence[str], target: Path) -> None:
    """Writes the names that a placed design (input_physical.mlir) gives to what the array holds.

    Args:
        arguments: the names of the runtime sequence's arguments, in order.
    """
    module = parse_file(physical)
    text = names_json.emit(module, main_device(module).sym_name, arguments)
    target.write_text(text, encoding="utf-8")

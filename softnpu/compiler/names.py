"""The names beside an artifact: what the emulator's explanations call locks, buffers, channels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from softnpu.compiler.modules import read_module
from softnpu.compiler.selection import main_device
from softnpu.dialects.text import parse_file
from softnpu.targets import names_json

NAMES = "names.json"


def write(
    physical: Path,
    array: Path,
    arguments: Sequence[str],
    target: Path,
    told: names_json.Told = names_json.plain,
) -> None:
    """Writes the names that a placed design gives to what the array holds.

    Args:
        physical, array: what lowering has made of it (input_physical.mlir, input_array.mlir).
        arguments: the names of the runtime sequence's arguments, in order.
        told: what places in the design that was lowered are called.
    """
    module = parse_file(physical)
    text = names_json.emit(
        module, main_device(module).sym_name, arguments, bodies=read_module(array), told=told
    )
    target.write_text(text, encoding="utf-8")

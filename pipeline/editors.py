"""compile_commands.json: how each kernel is compiled, for an editor's language server."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeline import kernels
from pipeline.designs import KERNELS, Variant

COMMANDS = "compile_commands.json"


def commands(variants: Iterable[Variant]) -> list[dict[str, Any]]:
    """An entry for each kernel, with the macros of the first variant that links it."""
    from softnpu.arch.device import device
    from softnpu.targets.standin.compile import kernel_flags
    from softnpu.targets.standin.toolchain import CODE_FLAGS, TARGET_FLAGS

    entries: dict[Path, dict[str, Any]] = {}
    for variant in variants:
        root = variant.design.root.absolute()
        for source in variant.kernels:
            flags = kernel_flags(
                source,
                kernels.defines(source, variant.parameters),
                [root / KERNELS],
                device(variant.device).generation,
            )
            file = str(source.absolute())
            arguments = ["clang", *TARGET_FLAGS, *CODE_FLAGS, *flags, "-c", file]
            entry = {"directory": str(root), "file": file, "arguments": arguments}
            entries.setdefault(source.absolute(), entry)
    return list(entries.values())


def write(variants: Iterable[Variant], root: Path) -> None:
    """Writes the file into the project's folder, where editors look for it."""
    (root / COMMANDS).write_text(json.dumps(commands(variants), indent=1) + "\n")

"""manifest.json: who made each artifact of a variant, from what, and what it expects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline import kernels
from pipeline.designs import Variant
from pipeline.toolchain import tool_key

MANIFEST_VERSION = 1

ARTIFACTS = ("final.xclbin", "insts.bin", "main.pdi")


def write_json(path: Path, value: Any) -> None:
    """Writes a value as JSON that a person can read, always in the same bytes."""
    path.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n")


def write(variant: Variant) -> None:
    """Writes the variant's manifest from what lies in its folder."""
    from softnpu.formats import xclbin

    folder = variant.folder
    parsed = xclbin.parse((folder / "final.xclbin").read_bytes())
    stages = ("render", "kernels", "lower", "cores", "insts", "cdo", "pdi", "xclbin")
    write_json(
        folder / "manifest.json",
        {
            "version": MANIFEST_VERSION,
            "design": variant.design.name,
            "variant": variant.name,
            "device": variant.device,
            "parameters": {name: _plain(v) for name, v in variant.parameters.items()},
            "core_isa": parsed.marks.get("core_isa"),
            "arguments": json.loads((folder / "arguments.json").read_text()),
            "artifacts": {name: kernels.digest(folder / name) for name in ARTIFACTS},
            "cores": json.loads((folder / "cores.json").read_text()),
            "kernels": {
                source.name: {
                    "sha256": kernels.digest(source),
                    "defines": kernels.defines(source, variant.parameters),
                }
                for source in variant.kernels
            },
            "tools": {stage: tool_key(stage) for stage in stages},
        },
    )


def _plain(value: object) -> object:
    return value if isinstance(value, (bool, int, float, str)) else repr(value)

"""manifest.json: who made each artifact of a variant, from what, and what it expects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline import kernels, whole
from pipeline.amd.running import LOGS
from pipeline.designs import Variant
from pipeline.keys import digest
from pipeline.selection import Toolchain
from softnpu.arch.standin import CORE_ISA_MARK

MANIFEST_VERSION = 1


def write_json(path: Path, value: Any) -> None:
    """Writes a value as JSON that a person can read, always in the same bytes."""
    whole.write(path, json.dumps(value, indent=2, sort_keys=True) + "\n")


def write(variant: Variant, chain: Toolchain) -> None:
    """Writes the variant's manifest from what lies in its folder, and who made it."""
    from softnpu.formats import xclbin

    folder = variant.folder
    artifacts = ("final.xclbin", "insts.bin", *(f"{name}.pdi" for name in variant.device_names))
    parsed = xclbin.parse((folder / "final.xclbin").read_bytes())
    stages = ("render", "kernels", "lower", "cores", "insts", "cdo", "pdi", "xclbin")
    cores = json.loads((folder / "cores.json").read_text())
    write_json(
        folder / "manifest.json",
        {
            "version": MANIFEST_VERSION,
            "design": variant.design.name,
            "variant": variant.name,
            "device": variant.device,
            "parameters": {name: _plain(v) for name, v in variant.parameters.items()},
            "core_isa": parsed.marks.get(CORE_ISA_MARK) or (_own_isa(variant) if cores else None),
            "arguments": json.loads((folder / "arguments.json").read_text()),
            "artifacts": {name: digest(folder / name) for name in artifacts},
            "cores": cores,
            "kernels": {
                source.name: {
                    "sha256": digest(source),
                    "defines": kernels.defines(source, variant.parameters),
                }
                for source in variant.kernels
            },
            "tools": {stage: chain.key(stage) for stage in stages},
            "commands": {s: commands(folder, s) for s in stages if chain.tools_of(s)},
        },
    )


def _own_isa(variant: Variant) -> str:
    """What the NPU's own cores execute: AIE code carries no mark in the xclbin."""
    from softnpu.arch.device import device

    return device(variant.device).generation


def commands(folder: Path, stage: str) -> list[str]:
    """The commands that made a stage, from its logs (a kernel has one of its own)."""
    logs = sorted((folder / LOGS).glob(f"{stage}.*log"))
    lines = (line for log in logs for line in log.read_text().splitlines())
    return [line for line in lines if not line.startswith(("#", "cd "))]


def _plain(value: object) -> object:
    return value if isinstance(value, (bool, int, float, str)) else repr(value)

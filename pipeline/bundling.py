"""`npuforge bundle`: a variant in one zip, for someone else's NPU or emulator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.checks import data_read, expected, inputs, run_from
from pipeline.designs import Variant
from pipeline.failing import in_words
from pipeline.keys import DATA, Key
from pipeline.reporter import TOLD
from pipeline.staging import Task
from pipeline.toolchain import source_version

FOLDER = Path("build/bundles")


def bundle_file(variant: Variant) -> Path:
    """Where a variant's bundle goes."""
    return FOLDER / f"{variant.design.name}-{variant.name}-{variant.device}.zip"


def bundle(variant: Variant) -> Task:
    """Packs what has been built, whether or not it passes: a failing one can be asked about."""
    return {
        "name": variant.label,
        "actions": [(_pack, [variant])],
        "file_dep": run_from(variant),
        "targets": [str(bundle_file(variant))],
        "meta": {TOLD: str(bundle_file(variant))},
        "uptodate": [
            Key({"tools": {"npuforge": source_version("runner", "pipeline/checks.py")}}),
            DATA,
        ],
        "clean": True,
    }


@in_words
def _pack(variant: Variant) -> dict[str, Any]:
    from pipeline.benching import surroundings
    from runner import artifact
    from runner import bundle as bundles

    built = artifact.load(variant.folder)
    bundles.write(
        bundle_file(variant),
        built,
        inputs(variant, built.arguments),
        expected(variant, built.arguments),
        surroundings("emulator"),
    )
    return data_read(variant)

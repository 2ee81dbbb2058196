"""What the real aie-opt and aie-translate wrote for a golden design, written again.

A file is known by its text, whatever its name; what is not known is not replayed.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from pipeline.amd import texts

GOLDEN = Path(__file__).parent.parent / "golden"

AUTHORED = ("design.mlir", "placed.mlir", "traced.mlir")
PHYSICAL = "input_physical.mlir"
MADE = (
    ("aie-place-tiles", AUTHORED[:1], "placed.mlir"),
    ("aie-insert-trace-flows", AUTHORED[:2], "traced.mlir"),
    ("aie-objectFifo-stateful-transform", AUTHORED, "input_with_addresses.mlir"),
    ("aie-create-pathfinder-flows", ("input_with_addresses.mlir",), PHYSICAL),
    ("aie-dma-to-npu", (PHYSICAL,), "npu_insts.mlir"),
)
"""By a pass of its pipeline: what it is run on, and what it writes."""


def aie_opt(source: Path, wanted: Collection[str]) -> str:
    """What aie-opt wrote for a file; "" for a file that is of no golden design."""
    for name, inputs, output in MADE:
        for folder in _folders(source, inputs) if name in wanted else ():
            return (folder / output).read_text()
    return ""


def aie_translate(source: Path, options: Mapping[str, str], out: Path) -> bool:
    """Writes what aie-translate wrote for a file, if it is of a golden design.

    Linker scripts, configurations and instruction streams.
    """
    device = options.get("aie-device-name", "main")
    inputs = ("npu_insts.mlir",) if "aie-npu-to-binary" in options else (PHYSICAL,)
    for folder in _folders(source, inputs):
        if "aie-npu-to-binary" in options:
            named = folder / f"insts_{device}_{options['aie-sequence-name']}.bin"
            shutil.copyfile(named if named.is_file() else folder / "insts.bin", out)
        elif "aie-generate-cdo" in options:
            for part in ("elfs", "init", "enable"):
                name = f"{device}_aie_cdo_{part}.bin"
                shutil.copyfile(folder / name, Path(options["work-dir-path"]) / name)
        elif "aie-generate-ldscript" in options:
            core = f"{device}_core_{options['tilecol']}_{options['tilerow']}"
            shutil.copyfile(folder / f"{core}.ld.script", out)
        else:
            return False
        return True
    return False


def _folders(source: Path, names: Collection[str]) -> Iterator[Path]:
    """The golden designs of which a file is; a physical one may have lost sequences and bodies."""
    text = source.read_text()
    for folder in sorted(GOLDEN.iterdir()):
        for name in names:
            path = folder / name
            if path.is_file() and text in _forms(path.read_text(), name, text):
                yield folder


def _forms(golden: str, name: str, text: str) -> Iterator[str]:
    yield golden
    if name == PHYSICAL:
        programs = re.findall(r'elf_file = "([^"]*)"', text)
        for form in (golden, texts.without_sequences(golden)):
            yield form
            if len(programs) == len(re.findall(r"= aie\.core\(", golden)):
                yield texts.with_elfs(form, programs)

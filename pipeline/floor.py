"""The dispatch floor: what a run of an empty design takes."""

from __future__ import annotations

from pathlib import Path

from pipeline.toolchain import COMPILER, source_version
from runner.artifact import INSTS, XCLBIN

SCAFFOLD = Path(__file__).parent / "scaffold" / "empty.mlir"
DONE = "made-by"


def empty_design(device: str, build: Path) -> tuple[Path, Path]:
    """Makes the empty design's xclbin and insts.bin for a device, once for each compiler.

    It has no core, so the embedded tools make one that an NPU takes, too.
    """
    folder = build / ".cache" / "empty" / device
    maker = source_version(*COMPILER, "softnpu/targets", "softnpu/formats")
    done = folder / DONE
    if not done.is_file() or done.read_text() != maker:
        _build(folder, device)
        done.write_text(maker)
    return folder / XCLBIN, folder / INSTS


def _build(folder: Path, device: str) -> None:
    from softnpu.compiler import driver

    folder.mkdir(parents=True, exist_ok=True)
    design = folder / "design.mlir"
    design.write_text(SCAFFOLD.read_text().replace("DEVICE", device))
    driver.lower(design, folder)
    array = folder / driver.ARRAY
    driver.cores(array, folder, {})
    driver.insts(folder / driver.PHYSICAL, folder / INSTS)
    driver.cdo(array, folder, folder)
    driver.pdi(array, folder)
    driver.xclbin(array, folder)

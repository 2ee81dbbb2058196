"""The stages, file to file, by one maker or the other: AMD's tools, or npuforge itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pipeline.amd import compiling, lowering, packing
from pipeline.amd.finding import AIE_OPT, AIE_TRANSLATE, BOOTGEN, XCLBINUTIL
from pipeline.selection import Toolchain

DESIGN, PHYSICAL, ARRAY, INSTS = (
    lowering.DESIGN,
    lowering.PHYSICAL,
    lowering.ARRAY,
    lowering.INSTS,
)


@dataclass(frozen=True)
class Work:
    """One artifact in the making.

    Attributes:
        folder: where its files lie, under aiecc's names.
        device: what the design calls its device, e.g. "npu1_1col".
        objects: the kernels' objects by the names that cores link them under.
    """

    folder: Path
    device: str
    objects: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class Kernel:
    """One C kernel to compile.

    Attributes:
        defines: macros with their values.
        depfile: where the compiler lists the headers that it read.
    """

    source: Path
    output: Path
    defines: Mapping[str, str]
    include_dirs: Sequence[Path]
    depfile: Path


class Maker(Protocol):
    """All stages; each reads and writes files of the work's folder, and raises SoftnpuError."""

    def kernel(self, work: Work, kernel: Kernel) -> None:
        """A C kernel -> its object."""

    def lower(self, work: Work) -> None:
        """design.mlir -> input_with_addresses.mlir, input_physical.mlir, input_array.mlir."""

    def cores(self, work: Work) -> list[Path]:
        """Bodies and objects -> ELFs, which are returned."""

    def insts(self, work: Work) -> None:
        """input_physical.mlir -> insts.bin."""

    def cdo(self, work: Work) -> None:
        """input_array.mlir and ELFs -> three CDO files a device."""

    def pdi(self, work: Work) -> None:
        """Each device's CDO files -> its PDI: main.pdi."""

    def xclbin(self, work: Work) -> None:
        """The PDIs -> final.xclbin."""


class Embedded:
    """npuforge's own: softnpu's passes and packers, and the compiler of the ziglang wheel."""

    def kernel(self, work: Work, kernel: Kernel) -> None:
        """A C kernel -> its object for stand-in cores."""
        from softnpu.arch.device import device
        from softnpu.targets import standin

        kernel.output.parent.mkdir(parents=True, exist_ok=True)
        standin.compile_kernel(
            kernel.source,
            kernel.output,
            defines=kernel.defines,
            include_dirs=kernel.include_dirs,
            depfile=kernel.depfile,
            generation=device(work.device).generation,
        )

    def lower(self, work: Work) -> None:
        """design.mlir -> input_with_addresses.mlir, input_physical.mlir, input_array.mlir."""
        from softnpu.compiler import driver

        driver.lower(work.folder / DESIGN, work.folder)

    def cores(self, work: Work) -> list[Path]:
        """Bodies and objects -> ELFs for stand-in cores."""
        from softnpu.compiler import driver

        return driver.cores(work.folder / ARRAY, work.folder, work.objects)

    def insts(self, work: Work) -> None:
        """input_physical.mlir -> insts.bin."""
        from softnpu.compiler import driver

        driver.insts(work.folder / PHYSICAL, work.folder / INSTS)

    def cdo(self, work: Work) -> None:
        """input_array.mlir and ELFs -> three CDO files a device."""
        from softnpu.compiler import driver

        driver.cdo(work.folder / ARRAY, work.folder, work.folder)

    def pdi(self, work: Work) -> None:
        """Each device's CDO files -> its PDI: main.pdi."""
        from softnpu.compiler import driver

        driver.pdi(work.folder / ARRAY, work.folder)

    def xclbin(self, work: Work) -> None:
        """The PDIs -> final.xclbin."""
        from softnpu.compiler import driver

        driver.xclbin(work.folder / ARRAY, work.folder)


@dataclass(frozen=True)
class Amd:
    """AMD's tools; a stage whose tools are absent is not asked for."""

    chain: Toolchain

    def kernel(self, work: Work, kernel: Kernel) -> None:
        """A C kernel -> its object for the NPU's cores."""
        compiling.compile_kernel(
            self.chain.compiler(),
            kernel.source,
            kernel.output,
            work.device,
            defines=kernel.defines,
            include_dirs=kernel.include_dirs,
            depfile=kernel.depfile,
        )

    def lower(self, work: Work) -> None:
        """design.mlir -> input_with_addresses.mlir, input_physical.mlir, input_array.mlir."""
        lowering.lower(work.folder, work.device, self.chain.tools[AIE_OPT])

    def cores(self, work: Work) -> list[Path]:
        """Bodies and objects -> ELFs for the NPU's cores."""
        return compiling.cores(work.folder, work.device, work.objects, self.chain.compiler())

    def insts(self, work: Work) -> None:
        """input_physical.mlir -> insts.bin."""
        tools = self.chain.tools
        lowering.insts(work.folder, tools[AIE_OPT], tools[AIE_TRANSLATE])

    def cdo(self, work: Work) -> None:
        """input_array.mlir and ELFs -> three CDO files a device."""
        packing.cdo(work.folder, self.chain.tools[AIE_TRANSLATE])

    def pdi(self, work: Work) -> None:
        """Each device's CDO files -> its PDI: main.pdi."""
        packing.pdi(work.folder, self.chain.tools[BOOTGEN])

    def xclbin(self, work: Work) -> None:
        """The PDIs -> final.xclbin."""
        packing.xclbin(work.folder, self.chain.tools[XCLBINUTIL])


def maker(chain: Toolchain, stage: str) -> Maker:
    """Who makes a stage."""
    return Amd(chain) if chain.by_amd(stage) else Embedded()

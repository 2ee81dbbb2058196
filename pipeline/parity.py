"""`npuforge parity`: every stage by AMD's tool and by npuforge, from the same inputs, compared.

npuforge builds the whole design first; then each of AMD's tools gets the inputs that npuforge's
stage had, so that a difference shows where it arises and nowhere else.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline import stages, whole
from pipeline.amd import compiling, lowering, packing
from pipeline.amd.finding import AIE_TRANSLATE
from pipeline.amd.probing import FOLLOWED
from pipeline.amd.running import Shell
from pipeline.comparing import difference
from pipeline.designs import Variant
from pipeline.making import Amd, Embedded, Work
from pipeline.selection import NEEDS, Toolchain
from pipeline.stages import cdo_files
from softnpu.compiler.kernel import KERNEL
from softnpu.inspect.diff import VARYING

IDENTICAL, DIFFERENT, NOT_COMPARED, FAILED = "identical", "different", "not compared", "failed"


@dataclass(frozen=True)
class Row:
    """What came of one file.

    Attributes:
        tools: AMD's, with versions.
        detail: the first difference, or why there was nothing to compare.
    """

    design: str
    stage: str
    file: str
    result: str
    tools: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Stage:
    """One stage to compare.

    Attributes:
        needs: AMD's tools for it.
        reads, writes: its files, as patterns.
        make: runs it by AMD's tools.
        steps: files between, compared where AMD's tools write them too.
        ours: whether what it reads is MLIR that npuforge printed.
    """

    name: str
    needs: tuple[str, ...]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    make: Callable[[Amd, Work], object]
    steps: tuple[str, ...] = ()
    ours: bool = False


def _write_scripts(maker: Amd, work: Work) -> None:
    """The cores' linker scripts; their code is compared by what it computes, on the emulator."""
    from softnpu.compiler import programs
    from softnpu.compiler.modules import read_module
    from softnpu.passes.sequence_ops import devices

    shell = Shell(work.folder, "cores")
    for device_op in devices(read_module(work.folder / lowering.ARRAY)):
        for core in programs.cores(device_op):
            name = programs.program_name(device_op, core, ".ld.script")
            translate = maker.chain.tools[AIE_TRANSLATE]
            compiling.write_script(shell, translate, device_op, core, name)


ELFS = "*.elf"
CDOS = tuple(f"*{ending}" for ending in cdo_files(""))
PDIS = ("*.pdi",)

STAGES = (
    Stage(
        "lower",
        NEEDS["lower"],
        (lowering.DESIGN,),
        (lowering.WITH_ADDRESSES, lowering.PHYSICAL),
        Amd.lower,
        steps=(lowering.PLACED, lowering.TRACED, lowering.PARAMETERS),
    ),
    Stage(
        "cores",
        (AIE_TRANSLATE,),
        (lowering.ARRAY,),
        ("*.ld.script",),
        _write_scripts,
        ours=True,
    ),
    Stage(
        "insts",
        NEEDS["insts"],
        (lowering.PHYSICAL,),
        (lowering.INSTS,),
        Amd.insts,
        steps=(lowering.NPU_INSTS,),
        ours=True,
    ),
    Stage("cdo", NEEDS["cdo"], (lowering.ARRAY, ELFS), CDOS, Amd.cdo, ours=True),
    Stage("pdi", NEEDS["pdi"], (lowering.ARRAY, *CDOS), PDIS, Amd.pdi),
    Stage(
        "xclbin",
        NEEDS["xclbin"],
        (lowering.ARRAY, KERNEL, ELFS, *PDIS),
        (packing.XCLBIN,),
        Amd.xclbin,
    ),
)


def _files(folder: Path, patterns: Iterable[str]) -> list[str]:
    return [path.name for pattern in patterns for path in sorted(folder.glob(pattern))]


def compare(variant: Variant, chain: Toolchain, root: Path) -> list[Row]:
    """Builds a variant in a folder of its own and compares each stage that AMD's tools can do."""
    from softnpu.errors import SoftnpuError

    folder = (root / variant.device / variant.design.name / variant.name).absolute()
    shutil.rmtree(folder, ignore_errors=True)
    try:
        work = embedded(variant, folder / "npuforge")
    except SoftnpuError as error:
        return [Row(variant.label, "build", "", FAILED, detail=str(error))]
    return [row for stage in STAGES for row in _stage(variant.label, stage, work, chain)]


def embedded(variant: Variant, folder: Path) -> Work:
    """Builds a variant with npuforge's own stages alone.

    Raises:
        SoftnpuError: it cannot be built.
    """
    folder.mkdir(parents=True)
    maker = Embedded()
    (folder / lowering.DESIGN).write_text(variant.rendered.text)
    objects = {}
    for source in variant.kernels:
        kernel = stages.kernel(variant, source, folder / f"{source.stem}.o")
        maker.kernel(Work(folder, variant.device), kernel)
        objects[kernel.output.name] = kernel.output
    work = Work(folder, variant.device, objects)
    for step in (maker.lower, maker.cores, maker.insts, maker.cdo, maker.pdi, maker.xclbin):
        step(work)
    return work


def _stage(label: str, stage: Stage, ours: Work, chain: Toolchain) -> Iterator[Row]:
    from softnpu.errors import SoftnpuError

    files = _files(ours.folder, stage.writes)
    if why := _incomparable(stage, files, chain):
        for file in files or [""]:
            yield Row(label, stage.name, file, NOT_COMPARED, detail=why)
        return
    tools = ", ".join(f"{name} {chain.tools[name].version}" for name in stage.needs)
    theirs = Work(ours.folder.parent / f"amd.{stage.name}", ours.device)
    theirs.folder.mkdir()
    for name in _files(ours.folder, stage.reads):
        shutil.copyfile(ours.folder / name, theirs.folder / name)
    try:
        stage.make(Amd(chain), theirs)
        between = [name for name in stage.steps if (theirs.folder / name).is_file()]
        for file in [*between, *files]:
            found = difference(ours.folder / file, theirs.folder / file)
            yield Row(label, stage.name, file, DIFFERENT if found else IDENTICAL, tools, found)
    except SoftnpuError as error:
        yield Row(label, stage.name, "", FAILED, tools, str(error))


def _incomparable(stage: Stage, files: Sequence[str], chain: Toolchain) -> str:
    """Why a stage cannot be compared, "" if it can."""
    missing = [name for name in stage.needs if name not in chain.tools]
    if missing:
        return f"no {' and no '.join(missing)}"
    if not files:
        return "the design has none"
    readers = [chain.tools[name] for name in stage.needs if stage.ours]
    return "; ".join(
        f"{tool.name} is of mlir-aie {tool.release}, which does not read the MLIR of {FOLLOWED}"
        for tool in readers
        if not tool.reads_ours
    )


def save(rows: Sequence[Row], path: Path) -> None:
    """Keeps a variant's rows for the report."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole.write(path, json.dumps([asdict(row) for row in rows], indent=1))


def load(path: Path) -> list[Row]:
    """What `save` kept."""
    values: list[Mapping[str, Any]] = json.loads(path.read_text())
    return [Row(**value) for value in values]


def problem(rows: Sequence[Row]) -> str:
    """Why the comparison is no success: files that differ or failed, or nothing compared at all."""
    counts = Counter(row.result for row in rows)
    wrong = [f"{counts[result]} {result}" for result in (DIFFERENT, FAILED) if counts[result]]
    if wrong:
        return " and ".join(wrong)
    if not counts[IDENTICAL]:
        return (
            "nothing was compared: none of aie-opt, aie-translate, bootgen and xclbinutil was "
            "found (Debian and Ubuntu have bootgen: apt install xilinx-bootgen)"
        )
    return ""


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """The report: what differs with its first difference, then a line for each stage."""
    for row in rows:
        if row.result in (DIFFERENT, FAILED):
            yield f"{row.result.upper()}  {row.design}  {row.stage}  {row.file}"
            yield row.detail
    for stage in STAGES:
        of_stage = [row for row in rows if row.stage == stage.name]
        counts = Counter(row.result for row in of_stage)
        told = ", ".join(f"{n} {result}" for result, n in counts.items()) or "nothing to compare"
        tools = next((row.tools for row in of_stage if row.tools), "")
        absent = [n for n in stage.needs if any(f"no {n}" in row.detail for row in of_stage)]
        unread = next((row.detail for row in of_stage if "does not read" in row.detail), "")
        note = tools or unread or (f"{' and '.join(absent)} not found" if absent else "")
        yield f"{stage.name:<8} {told}" + (f"  ({note})" if note else "")
    yield f"npuforge makes what mlir-aie {FOLLOWED} makes; other versions may differ from it"
    yield f"an xclbin's {', '.join(VARYING)} are not compared"

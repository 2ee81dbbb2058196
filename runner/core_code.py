"""What the cores' programs in an xclbin are."""

from __future__ import annotations

from enum import Enum

from runner.artifact import Artifact
from runner.errors import RunnerError
from softnpu.arch.address import split_address
from softnpu.arch.standin import CORE_ISA_MARK, STANDIN_ISA
from softnpu.arch.tiles import TILE_FACTS, TileKind
from softnpu.errors import SoftnpuError
from softnpu.formats import cdo, pdi
from softnpu.formats.operations import BlockWrite
from softnpu.formats.xclbin import Xclbin, parse

FIRST_CORE_ROW = 2


class CoreCode(Enum):
    """Kinds of core programs."""

    NONE = "none"
    """No core has a program: the same artifact runs on the emulator and the NPU."""
    STAND_IN = "stand-in"
    """RV32, for the emulator."""
    AIE = "AIE"
    """For an NPU."""


def core_code(xclbin: Xclbin, declared: str | None = None) -> CoreCode:
    """What the cores hold: the xclbin's mark decides, then what the caller or a manifest says.

    AIE code carries no mark, so programs without any are AIE code.

    Raises:
        FormatError: a PDI of the xclbin is damaged.
    """
    isa = xclbin.marks.get(CORE_ISA_MARK, declared)
    if isa == STANDIN_ISA:
        return CoreCode.STAND_IN
    if isa is not None or _has_programs(xclbin):
        return CoreCode.AIE
    return CoreCode.NONE


def core_code_of(artifact: Artifact) -> CoreCode:
    """What the cores of a built artifact hold.

    Raises:
        RunnerError: its xclbin is damaged.
    """
    try:
        return core_code(parse(artifact.xclbin.read_bytes()), artifact.core_isa)
    except SoftnpuError as error:
        raise RunnerError(f"{artifact.xclbin}: {error}") from error


def _has_programs(xclbin: Xclbin) -> bool:
    """Whether a PDI writes into the program memory of any core."""
    facts = TILE_FACTS[TileKind.CORE]
    end = facts.program_base + facts.program_memory
    for part in xclbin.partition.pdis:
        for operation in cdo.operations(pdi.parse(part.image).cdo()):
            if isinstance(operation, BlockWrite):
                _, row, offset = split_address(operation.address)
                if row >= FIRST_CORE_ROW and facts.program_base <= offset < end:
                    return True
    return False

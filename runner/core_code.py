"""What the cores' programs in an xclbin are."""

from __future__ import annotations

from enum import Enum

from runner.artifact import Artifact
from runner.errors import RunnerError
from softnpu.arch.standin import CORE_ISA_MARK, STANDIN_ISA
from softnpu.emulator.aie2.planner import not_executed
from softnpu.errors import SoftnpuError
from softnpu.formats import cdo, pdi
from softnpu.formats.xclbin import Xclbin, parse
from softnpu.inspect.machine_code import memories
from softnpu.isa import table


class CoreCode(Enum):
    """Kinds of core programs."""

    NONE = "none"
    """No core has a program: the same artifact runs on the emulator and the NPU."""
    STAND_IN = "stand-in"
    """RV32, for the emulator."""
    AIE = "AIE"
    """For an NPU; the emulator executes it as well, of AIE2P's (npu2) what has no instruction
    that `for_npu_alone` tells."""


def core_code(xclbin: Xclbin, declared: str | None = None) -> CoreCode:
    """What the cores hold: the xclbin's mark decides, then what the caller or a manifest says.

    AIE code carries no mark, so programs without any are AIE code.

    Raises:
        FormatError: a PDI of the xclbin is damaged.
    """
    isa = xclbin.marks.get(CORE_ISA_MARK, declared)
    if isa == STANDIN_ISA:
        return CoreCode.STAND_IN
    if isa is not None or _programs(xclbin):
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


def for_npu_alone(artifact: Artifact) -> str:
    """Why only an NPU executes an artifact: instructions of its AIE2P cores; "" for none.

    Raises:
        RunnerError: its xclbin is damaged.
    """
    if not artifact.device.startswith("npu2") or core_code_of(artifact) is not CoreCode.AIE:
        return ""
    return only_on_npu(parse(artifact.xclbin.read_bytes()))


def only_on_npu(xclbin: Xclbin) -> str:
    """As `for_npu_alone`, of an xclbin whose cores hold AIE2P code."""
    instructions = table.load(table.AIE2P)
    names = sorted(
        {name for code in _programs(xclbin) for name in not_executed(instructions, code)}
    )
    if not names:
        return ""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return (
        f"the cores hold AIE2P instructions that the emulator does not execute:"
        f" {', '.join(names[:_NAMED])}{more}; run it on an NPU (npuforge test_hw), or build"
        " stand-in cores for the emulator (npuforge --cores embedded)"
    )


_NAMED = 8
"""Instructions that a message names."""


def _programs(xclbin: Xclbin) -> set[bytes]:
    """What the PDIs write into the cores' program memories."""
    return {
        code
        for part in xclbin.partition.pdis
        for code in memories(cdo.operations(pdi.parse(part.image).cdo())).values()
    }

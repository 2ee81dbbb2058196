"""Whose tools make what: what was asked for, and what it comes to on this machine.

`--toolchain amd|embedded|auto` asks for all stages, `--pdi embedded` and the like for one. On the
command line they stand anywhere (`npuforge build --toolchain auto`); in the environment they are
NPUFORGE_TOOLCHAIN, NPUFORGE_PDI and so on. `auto`, the default, takes AMD's where found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.amd.compiling import Compiler
from pipeline.amd.finding import (
    AIE_OPT,
    AIE_TRANSLATE,
    BOOTGEN,
    PEANO,
    TOOLS,
    XCLBINUTIL,
    candidates,
    places,
)
from pipeline.amd.probing import Prober, Tool
from pipeline.errors import PipelineError
from pipeline.toolchain import source_version, tool_key

AUTO, AMD, EMBEDDED = MAKERS = ("auto", "amd", "embedded")

NEEDS: Mapping[str, tuple[str, ...]] = {
    "cores": (PEANO,),
    "lower": (AIE_OPT,),
    "insts": (AIE_OPT, AIE_TRANSLATE),
    "cdo": (AIE_TRANSLATE,),
    "pdi": (BOOTGEN,),
    "xclbin": (XCLBINUTIL,),
}
"""The stages that can be made by either, with AMD's tools for them. `cores` stands for the
kernels too: what is linked together is compiled by one compiler."""

WHOLE = "toolchain"
OPTIONS = (WHOLE, *NEEDS)
PREFIX = "NPUFORGE_"

CACHE = Path("build/.cache/tools.json")

GLUE = (
    *("pipeline/amd", "pipeline/making.py"),
    *("softnpu/compiler", "softnpu/dialects", "softnpu/inspect/flows.py"),
)
"""npuforge's own part in what AMD's tools make: it hands files from one to the next."""

HOW_TO_GET = {
    AIE_OPT: "`npuforge docs hardware` says how to install the wheel mlir_aie",
    AIE_TRANSLATE: "`npuforge docs hardware` says how to install the wheel mlir_aie",
    PEANO: "`npuforge docs hardware` says how to install the wheel llvm-aie",
    BOOTGEN: "it comes with mlir_aie; Debian and Ubuntu: apt install xilinx-bootgen",
    XCLBINUTIL: "it comes with XRT (/opt/xilinx/xrt/bin)",
}


@dataclass(frozen=True)
class Request:
    """What was asked for: a maker for everything, and for single stages."""

    whole: str = AUTO
    stages: Mapping[str, str] = field(default_factory=dict)

    def of(self, stage: str) -> str:
        """The maker asked for in a stage."""
        return self.stages.get(stage, self.whole)


def take(arguments: Iterable[str], environment: MutableMapping[str, str]) -> list[str]:
    """Moves `--toolchain amd`, `--pdi=embedded` and the like into the environment.

    Returns:
        The other arguments. What stands behind a lone `--` is left alone.

    Raises:
        PipelineError: for a maker that there is not, or none.
    """
    left: list[str] = []
    waiting = list(arguments)
    while waiting:
        argument = waiting.pop(0)
        if argument == "--":
            return [*left, argument, *waiting]
        name, equals, value = argument.removeprefix("--").partition("=")
        if not argument.startswith("--") or name not in OPTIONS:
            left.append(argument)
            continue
        if not equals:
            value = waiting.pop(0) if waiting else ""
        environment[PREFIX + name.upper()] = _checked(value, f"--{name}")
    return left


def request(environment: Mapping[str, str]) -> Request:
    """What the environment asks for.

    Raises:
        PipelineError: for a maker that there is not.
    """
    asked = {
        name: _checked(value, variable)
        for name in OPTIONS
        if (value := environment.get(variable := PREFIX + name.upper()))
    }
    return Request(asked.pop(WHOLE, AUTO), asked)


def _checked(value: str, where: str) -> str:
    if value not in MAKERS:
        raise PipelineError(f"{where} takes {', '.join(MAKERS)}, not {value!r}")
    return value


@dataclass(frozen=True)
class Toolchain:
    """Who makes each stage.

    Attributes:
        request: what was asked for.
        tools: AMD's tools that can be used, by name.
        absent: for the others, why not.
        misread: what was wrong with the request itself; "" if nothing.
    """

    request: Request = field(default_factory=Request)
    tools: Mapping[str, Tool] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    misread: str = ""

    def by_amd(self, stage: str) -> bool:
        """Whether AMD's tools make a stage."""
        stage = "cores" if stage == "kernels" else stage
        asked = self.request.of(stage) if stage in NEEDS else EMBEDDED
        if asked == AUTO:
            return all(name in self.tools for name in NEEDS[stage])
        return asked == AMD

    def problems(self) -> list[str]:
        """Why what was asked for cannot be done, one text a tool; empty when it can."""
        if self.misread:
            return [self.misread]
        wanting: dict[str, list[str]] = {}
        for stage, needed in NEEDS.items():
            if self.by_amd(stage):
                for name in needed:
                    if name not in self.tools:
                        wanting.setdefault(name, []).append(stage)
        return [
            f"{name}, which is to make {' and '.join(stages)}, {self.absent[name]}"
            for name, stages in wanting.items()
        ]

    def key(self, stage: str) -> dict[str, str]:
        """The tools behind a stage with their versions: part of its task's key."""
        if not self.by_amd(stage):
            return tool_key(stage)
        return {name: self.tools[name].key for name in self.tools_of(stage)} | {
            "npuforge": source_version(*GLUE)
        }

    def tools_of(self, stage: str) -> list[str]:
        """The names of AMD's tools that a stage uses; none where npuforge itself makes it."""
        if not self.by_amd(stage):
            return []
        names = NEEDS["cores" if stage == "kernels" else stage]
        if stage == "cores":
            names = (*names, AIE_OPT, AIE_TRANSLATE)
        return [name for name in names if name in self.tools]

    def compiler(self) -> Compiler:
        """What compiles cores for the NPU; only where `by_amd("cores")`."""
        tools = self.tools
        return Compiler(tools[PEANO], tools.get(AIE_OPT), tools.get(AIE_TRANSLATE))


def chain(environment: Mapping[str, str]) -> Toolchain:
    """Who makes each stage, as the environment asks; what is wrong with that is a problem of it."""
    try:
        return resolve(request(environment), environment)
    except PipelineError as error:
        return Toolchain(misread=str(error))


def resolve(asked: Request, environment: Mapping[str, str], cache: Path = CACHE) -> Toolchain:
    """Looks for AMD's tools as far as they are asked for.

    Args:
        cache: where what the tools said of themselves is kept.
    """
    wanted = {n for stage, names in NEEDS.items() if asked.of(stage) != EMBEDDED for n in names}
    if asked.of("cores") != EMBEDDED:
        wanted |= {AIE_OPT, AIE_TRANSLATE}
    prober = Prober(cache)
    tools: dict[str, Tool] = {}
    absent: dict[str, str] = {}
    for name in TOOLS:
        if name in wanted:
            found = find(name, environment, prober)
            if isinstance(found, Tool):
                tools[name] = found
            else:
                absent[name] = found
    prober.save()
    return Toolchain(asked, tools, absent)


def find(name: str, environment: Mapping[str, str], prober: Prober) -> Tool | str:
    """The first usable program for a tool, or why there is none."""
    passed_over = []
    for candidate in candidates(name, environment):
        found = prober.probe(name, candidate)
        if isinstance(found, Tool):
            return found
        passed_over.append(f"\n  {found.path} {found.problem}")
    return (
        f"was not found in {places(name)}; {HOW_TO_GET[name]}"
        if not passed_over
        else f"was found, but cannot be used:{''.join(passed_over)}\n  {HOW_TO_GET[name]}"
    )
